"""What the clock remembers: when each due function last ran, and which workers are alive.

The functions themselves are in `registry`, running them in `running`, the worker in `working`, what a dead one left in `recovering`.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LastRun(models.Model):
    """The last run of a due function, and who is running it now (`holder`, until `leased_until`; a dead holder's lease runs out by itself)."""

    name = models.CharField(max_length=80, primary_key=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(default=True)
    message = models.CharField(max_length=500, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("last run")
        verbose_name_plural = _("last runs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkerBeat(models.Model):
    """A worker process and the moment it last said that it is alive; `stopped_at` when it ended in good order."""

    worker_id = models.CharField(max_length=40, primary_key=True)
    host = models.CharField(max_length=120)
    process_id = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return f"{self.worker_id} ({self.host} {self.process_id})"
