"""Which address is answered by what: the points table: its lines, bands and versions, publishing and going back."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.scoring import drafted, editing, lines, table, versions

urlpatterns: list[URLPattern | URLResolver] = [
    path("scoring", table.show, name="scoring"),
    path("scoring/learn", table.learn, name="scoring_learn"),
    path("scoring/lines/<str:rule_id>", lines.show, name="scoring_line"),
    path("scoring/edit", editing.edit, name="scoring_edit"),
    path("scoring/drafts/<int:draft_id>", drafted.show, name="scoring_draft"),
    path("scoring/drafts/<int:draft_id>/publish", drafted.publish, name="scoring_publish"),
    path("scoring/drafts/<int:draft_id>/give-up", drafted.give_up, name="scoring_give_up"),
    path("scoring/drafts/<int:draft_id>/again", drafted.again, name="scoring_again"),
    path("scoring/versions/<int:model_id>", versions.show, name="scoring_version"),
    path("scoring/versions/<int:model_id>/restore", versions.restore, name="scoring_restore"),
]
