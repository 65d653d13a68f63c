"""moto's server, with one mend: its SQS puts a new list in the place of a queue's messages when it deletes one, without its own lock,
and so loses what is sent at that moment."""
import sys

from moto.server import main
from moto.sqs.models import Queue

delete_unlocked = Queue.delete_message


def delete_message(self: Queue, receipt_handle: str) -> None:
    with self._messages_lock:
        delete_unlocked(self, receipt_handle)


Queue.delete_message = delete_message  # type: ignore[method-assign]
main(sys.argv[1:])
