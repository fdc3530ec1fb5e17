"""E-mail: by SMTP, or by a service that django-anymail knows."""
