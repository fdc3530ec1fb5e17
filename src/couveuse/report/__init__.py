"""The one-file HTML report, and pages alike: made of values. They read no file, fold nothing and ask no clock."""

from couveuse.report.dossier import render_dossier
from couveuse.report.notice import render_notice
from couveuse.report.page import render

__all__ = ["render", "render_dossier", "render_notice"]
