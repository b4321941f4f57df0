"""What machines are told: actuators, what they can be asked to do, tasks from asking to reading back, schedules."""
