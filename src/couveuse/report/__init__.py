"""The one-file HTML report: pages made of values. It reads no file, folds nothing and asks no clock."""

from couveuse.report.page import render

__all__ = ["render"]
