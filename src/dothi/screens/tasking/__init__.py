"""Tasks to machines: the queue, one task with its steps, the form that gives one, schedules by the sun."""
