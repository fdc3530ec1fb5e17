"""What stands at /: for who has signed in the first page, for all others where one signs in."""

from django.http import HttpResponse, HttpResponseRedirect

from couveuse.web.asking import Asked, page


@page(None)
def home(asked: Asked) -> HttpResponse:
    """Nothing of its own stands here."""
    return HttpResponseRedirect("/today" if asked.who.is_somebody else "/account/login/")
