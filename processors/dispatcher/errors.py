"""What may go wrong between the dispatcher and a provider; each leaf says what it means for attempt and money.

ProviderError            category          charged   another attempt
├── NotSent              outage            no        yes    nothing has left this machine
│   └── WorkerGone       outage            no        yes    at once, on another worker
├── OutcomeUnknown       unknown           unknown   yes    sent, and no answer: it may be running
│   └── SentByAnother    unknown           unknown   yes    by another handling, if at all: nobody tells
├── Refused                                                 the provider answered, and said no
│   ├── BillingRefused   billing           no        no     our account with the provider is empty
│   ├── RateLimited      rate_limit        no        yes    too many requests: waiting, and no attempt
│   ├── SlotsTaken       rate_limit        no        yes    too many at the same time: waiting, and no attempt
│   ├── ContentRefused   content_policy    unknown   no
│   ├── InputRefused     input_validation  no        no
│   ├── ProviderDown     outage            no        yes
│   ├── CannotStop       unknown           unknown   no     it runs, and there is no way to stop it there
│   └── AccessRefused    contract          no        no     our key or our address of the model is wrong
│       └── NotThere     contract          no        no     nothing under this address or name, or no longer
├── ContractDrift        contract          unknown   no     an answer that the adapter does not know
├── BadResult            contract          yes       no     a result that is too large, damaged or not there
├── ResultLost           outage            yes       yes    a result that could not be fetched in time
└── Forgotten            outage            unknown   yes    taken and named, and now the provider knows nothing of it
"""

from __future__ import annotations

from typing import ClassVar

from events.jobs.events import Answered, Category, ProviderCharged, Trouble
from processors.dispatcher.ports import Failed

DETAIL_MAX_CHARS = 500


class ProviderError(Exception):
    """`detail` is told to the person who owns the job, and to nobody else."""

    category: ClassVar[Category] = "unknown"
    charged: ClassVar[ProviderCharged] = "unknown"
    retryable: ClassVar[bool] = False
    counts: ClassVar[bool] = True
    trouble: ClassVar[Trouble | None] = None

    def __init__(
        self, detail: str, *, retry_after_s: float | None = None, charged: ProviderCharged | None = None
    ) -> None:
        """`charged` where the provider says so of this very refusal."""
        super().__init__(detail)
        self.detail = detail[:DETAIL_MAX_CHARS]
        self.retry_after_s = retry_after_s
        self.charged_here = charged or self.charged
        self.answered: Answered | None = None

    @property
    def failed(self) -> Failed:
        """The error as the end of an attempt."""
        return Failed(
            self.category,
            self.detail,
            self.charged_here,
            self.retryable,
            self.retry_after_s,
            self.counts,
            self.trouble,
            answered=self.answered,
        )


class NotSent(ProviderError):
    category = "outage"
    charged = "no"
    retryable = True


class WorkerGone(NotSent):
    pass


class OutcomeUnknown(ProviderError):
    category = "unknown"
    retryable = True
    trouble: ClassVar[Trouble | None] = "silent"


class SentByAnother(OutcomeUnknown):
    trouble = None


class Refused(ProviderError):
    charged: ClassVar[ProviderCharged] = "no"


class BillingRefused(Refused):
    category = "billing"
    trouble = "account"


class RateLimited(Refused):
    category = "rate_limit"
    retryable = True
    counts = False


class SlotsTaken(Refused):
    category = "rate_limit"
    retryable = True
    counts = False


class ContentRefused(Refused):
    category = "content_policy"
    charged = "unknown"


class InputRefused(Refused):
    category = "input_validation"


class ProviderDown(Refused):
    category = "outage"
    retryable = True


class CannotStop(Refused):
    charged = "unknown"


class AccessRefused(Refused):
    category = "contract"
    trouble = "account"


class NotThere(AccessRefused):
    pass


class ContractDrift(ProviderError):
    category = "contract"


class BadResult(ProviderError):
    category = "contract"
    charged = "yes"


class ResultLost(ProviderError):
    category = "outage"
    charged = "yes"
    retryable = True


class Forgotten(ProviderError):
    category = "outage"
    retryable = True
