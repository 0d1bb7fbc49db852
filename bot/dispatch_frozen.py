"""A process that fell asleep in the middle of a write holds the lock all others wait for: it is cut off."""

from __future__ import annotations

from typing import Final

from procrastinate.connector import BaseConnector

from bot.store.server import WRITER

_CUT_OFF: Final = """
SELECT count(pg_terminate_backend(locks.pid)) AS cut
  FROM pg_locks locks
  JOIN pg_stat_activity activity USING (pid)
 WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objsubid = 1
   AND locks.classid = %(high)s::bigint::oid AND locks.objid = %(low)s::bigint::oid
   AND activity.datname = current_database()
   AND activity.state LIKE 'idle in transaction%%'
   AND activity.state_change < now() - make_interval(secs => %(seconds)s)
"""


async def cut_off(connector: BaseConnector, seconds: float) -> int:
    """End the session of a writer that has said nothing for so long; its transaction did not happen.

    Only to be asked where a process is known to have fallen silent: a busy one may think for a while. Gives
    how many sessions were ended.
    """
    low, high = WRITER & 0xFFFFFFFF, WRITER >> 32
    found = await connector.execute_query_one_async(_CUT_OFF, high=high, low=low, seconds=seconds)
    return int(found["cut"])
