"""Which address is answered by what: tasks, one at a time."""

from django.urls import URLPattern, URLResolver, path

from couveuse.web.areas.desk import acts, fates, lists, task

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", task.turn, name="desk"),
    path("desk/queue", lists.queue, name="desk_queue"),
    path("desk/mine", fates.mine, name="desk_mine"),
    path("desk/tasks/<int:task_id>", task.show, name="desk_task"),
    path("desk/tasks/<int:task_id>/claim", acts.claim, name="desk_claim"),
    path("desk/tasks/<int:task_id>/release", acts.release, name="desk_release"),
    path("desk/tasks/<int:task_id>/outcome", acts.outcome, name="desk_outcome"),
    path("desk/tasks/<int:task_id>/undo", acts.undo, name="desk_undo"),
    path("desk/tasks/<int:task_id>/note", acts.note, name="desk_note"),
    path("desk/tasks/<int:task_id>/give", acts.give, name="desk_give"),
    path("desk/tasks/<int:task_id>/put-off", acts.put_off, name="desk_put_off"),
    path("desk/tasks/<int:task_id>/appointment", acts.move, name="desk_move"),
    path("desk/tasks/<int:task_id>/appointment/call-off", acts.call_off, name="desk_call_off"),
    path("desk/alerts/<int:alert_id>/seen", acts.seen, name="desk_seen"),
]
