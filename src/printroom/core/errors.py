"""Every error printroom raises on purpose: one tree, each leaf with a stable code and HTTP status.

    PrintroomError
    ├── PictureError                 something is wrong with a picture that came in
    │   ├── NotAPicture              415 not_a_picture      no codec knows these bytes
    │   ├── BrokenPicture            422 broken_picture     truncated or corrupt
    │   ├── EmptyPicture             422 empty_picture      zero bytes, or a side of zero pixels
    │   ├── TooManyPixels            413 too_many_pixels    header promises more than the limit
    │   └── NeedsMemory              413 needs_memory       cannot be done in the memory allowed
    ├── RequestError                 what was asked for cannot be had
    │   ├── BadOption                422 bad_option         a parameter is out of range or unknown
    │   ├── UnknownFormat            422 unknown_format     no encoder of that name
    │   ├── FormatCannotHold         422 format_cannot_hold result too large for the container
    │   ├── ScaleNotOffered          422 scale_not_offered
    │   ├── NotFound                 404 not_found          no such file, model or folder
    │   ├── NotAllowed               403 not_allowed        known, but without the scope for this
    │   ├── AlreadyThere             409 already_exists     another one has that name
    │   ├── BadLink                  403 bad_link           an address that is not signed by us
    │   ├── LinkExpired              403 link_expired       a signed address whose time is over
    │   ├── BodyTooLarge             413 body_too_large     request body over the limit
    │   ├── BadArchive               422 bad_archive        no backup of ours, or a damaged one
    │   └── BodyTimeout              408 body_timeout       the client stopped sending
    ├── AccessError                  whoever asks does not come in, or not now
    │   ├── NoCredentials            401 credentials_missing    no key, no session, no token
    │   ├── MalformedCredentials     401 credentials_malformed  cannot be a key of ours
    │   ├── UnknownCredentials       401 credentials_unknown    well formed, and nobody's
    │   ├── ExpiredCredentials       401 credentials_expired    its time is over
    │   ├── RevokedCredentials       401 credentials_revoked    somebody took it back
    │   ├── WrongPassword            401 wrong_password     no such e-mail and password
    │   ├── OtherSite                403 cross_site         another site's page sent it
    │   ├── ProviderFailed           502 provider_failed    the identity provider cannot be trusted
    │   └── LimitReached             come back in `retry_after` seconds
    │       ├── RateLimited          429 rate_limited       too many requests in a short time
    │       ├── TooManyAtOnce        429 too_many_at_once   too many requests in progress
    │       └── BudgetSpent          429 budget_spent       the units of the day or month are spent
    ├── ModelError                   a model cannot be used
    │   ├── BadModel                 422 bad_model          not an ONNX graph, or not image to image
    │   ├── ConversionFailed         422 conversion_failed  weights that cannot be made into a graph
    │   ├── ModelFailed              500 model_failed       the network itself failed on a tile
    │   ├── LimitCrossed             422 limit_crossed      a stranger's model took more than it may
    │   ├── NoSandbox                501 no_sandbox         nothing here keeps strangers' models in
    │   └── BadReport                422 bad_report         no report of a verification, or changed
    ├── PipelineError                a chain of steps cannot be used
    │   ├── BadPipeline              422 bad_pipeline       names every fault, each with its place
    │   ├── BadStep                  422 bad_step           a step's declaration does not hold
    │   ├── StepFailed               500 step_failed        a step's own code failed
    │   ├── StepLost                 500 step_lost          its process died, hung or sent garbage
    │   ├── EnvironmentFailed        500 environment_failed its environment cannot be made
    │   └── NoCard                   501 no_card            this machine has no such graphics card
    ├── StoreError                   a store of objects cannot do what was asked
    │   ├── BadKey                   422 bad_key            a key that is not well formed
    │   ├── OutOfScope               403 out_of_scope       this handle may not touch that key
    │   ├── StoreRefused             502 store_refused      the service does not let us in
    │   ├── StoreUnavailable         503 store_unavailable  it does not answer, or only with faults
    │   ├── NotOffered               422 not_offered        this kind of store cannot do it
    │   ├── ConditionFailed          412 condition_failed   the object is not as the writer supposed
    │   └── ObjectChanged            409 object_changed     it was replaced while it was read
    ├── OutboundError                another server, asked on somebody's behalf, gives nothing
    │   ├── AddressRefused           422 address_refused    no address that we may ask
    │   └── FetchFailed              502 fetch_failed       it does not answer, or not well
    ├── DatabaseError                the database cannot do what was asked
    │   ├── DatabaseUnavailable      503 database_unavailable  it does not answer, or is locked
    │   └── DatabaseMismatch         500 database_mismatch  its tables are not what we know
    ├── JobError                     a job cannot do what was asked, or did not end well
    │   ├── KeyReused                422 idempotency_key_reused  the key came with something else
    │   ├── WrongState               409 wrong_state        not in the state that this needs
    │   ├── DeadlinePassed           504 deadline_passed    it was not done in time
    │   ├── WorkerLost               500 worker_lost        its workers died, too often
    │   └── HandlerFailed            500 handler_failed     what does its work failed, too often
    ├── MarketError                  the market does not do what was asked
    │   ├── NotEnoughCredits     402 insufficient_credits  the wallet has less than this costs
    │   ├── NoAccess             403 no_access          not bought, used up, ended or taken back
    │   ├── NoQuote              422 no_quote           what it costs cannot be told beforehand
    │   ├── TermsChanged         409 terms_changed      the offer is not what the buyer saw
    │   └── PaymentFailed        502 payment_failed     the payment provider does not do it
    ├── OutputError                  a result cannot be written
    │   ├── Unwritable               500 unwritable_output
    │   └── DiskFull                 507 disk_full
    └── Stopped                      nobody is at fault
        ├── Cancelled                499 cancelled
        ├── LeaseLost                409 lease_lost         another worker has the job now
        └── Overloaded               503 overloaded         come back in `retry_after` seconds

A message names the thing, the reason and the remedy; `code` never changes once released.
"""

from __future__ import annotations


class PrintroomError(Exception):
    """Base of all deliberate errors: `str(error)` is a sentence for the person who asked."""

    code = "error"
    """Stable name for programs."""
    status = 500
    """HTTP status."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}: {remedy}" if remedy else reason)
        self.reason = reason
        """What is wrong, naming the thing."""
        self.remedy = remedy
        """What to do about it; empty when there is nothing to do."""


class PictureError(PrintroomError):
    """Something is wrong with a picture that came in."""

    code, status = "picture_error", 422


class NotAPicture(PictureError):
    """No codec knows these bytes."""

    code, status = "not_a_picture", 415


class BrokenPicture(PictureError):
    """The picture is truncated or corrupt."""

    code = "broken_picture"


class EmptyPicture(PictureError):
    """Zero bytes, or a side of zero pixels."""

    code = "empty_picture"


class TooManyPixels(PictureError):
    """The header promises more pixels than the limit."""

    code, status = "too_many_pixels", 413


class NeedsMemory(PictureError):
    """The work cannot be done in the memory allowed; `needed` says how much it would take."""

    code, status = "needs_memory", 413

    def __init__(self, reason: str, remedy: str = "", *, needed: int) -> None:
        super().__init__(reason, remedy)
        self.needed = needed
        """Bytes that would be enough."""


class RequestError(PrintroomError):
    """What was asked for cannot be had."""

    code, status = "request_error", 422


class BadOption(RequestError):
    """A parameter is out of range or unknown."""

    code = "bad_option"


class UnknownFormat(RequestError):
    """No encoder of that name."""

    code = "unknown_format"


class FormatCannotHold(RequestError):
    """The result is too large for the container."""

    code = "format_cannot_hold"


class ScaleNotOffered(RequestError):
    """No model enlarges by that factor."""

    code = "scale_not_offered"


class NotFound(RequestError):
    """No such file, model or folder."""

    code, status = "not_found", 404


class NotAllowed(RequestError):
    """Whoever asks is known, and has no scope for this."""

    code, status = "not_allowed", 403


class AlreadyThere(RequestError):
    """Another one has that name, and there can be one only."""

    code, status = "already_exists", 409


class BadLink(RequestError):
    """An address that is not signed by us, or not as it was signed."""

    code, status = "bad_link", 403


class LinkExpired(RequestError):
    """A signed address whose time is over."""

    code, status = "link_expired", 403


class BodyTooLarge(RequestError):
    """The request body is over the limit."""

    code, status = "body_too_large", 413


class BodyTimeout(RequestError):
    """The client stopped sending the request body."""

    code, status = "body_timeout", 408


class AccessError(PrintroomError):
    """Whoever asks does not come in, or not now."""

    code, status = "access_error", 401
    account: str | None = None
    """Whose account it would have been, for its audit log; None = nobody knows."""
    subject: str = ""
    """The id of the key, or of the person, likewise."""


class NoCredentials(AccessError):
    """The request brought no key, no session and no token."""

    code = "credentials_missing"


class MalformedCredentials(AccessError):
    """What the request brought cannot be a key, session or token of ours."""

    code = "credentials_malformed"


class UnknownCredentials(AccessError):
    """Well formed, but it is nobody's."""

    code = "credentials_unknown"


class ExpiredCredentials(AccessError):
    """The time of the key, session or token is over."""

    code = "credentials_expired"


class RevokedCredentials(AccessError):
    """Somebody took the key back."""

    code = "credentials_revoked"


class WrongPassword(AccessError):
    """There is nobody with that e-mail address and that password."""

    code = "wrong_password"


class OtherSite(AccessError):
    """A page of another site sent the request, or may have."""

    code, status = "cross_site", 403


class LimitReached(AccessError):
    """A limit of an account or of a key is reached for now."""

    code, status = "limit_reached", 429

    def __init__(self, reason: str, remedy: str = "", *, retry_after: int = 1) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        """Seconds to wait before trying again."""
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        """What the answer says of the limit."""


class RateLimited(LimitReached):
    """Too many requests in a short time."""

    code = "rate_limited"


class TooManyAtOnce(LimitReached):
    """Too many requests of the same account or key are in progress."""

    code = "too_many_at_once"


class BudgetSpent(LimitReached):
    """The units of the day or of the month are spent."""

    code = "budget_spent"


class ProviderFailed(AccessError):
    """The identity provider does not answer, or says what cannot be trusted."""

    code, status = "provider_failed", 502


class BadArchive(RequestError):
    """A file that is no backup of ours, or a damaged one."""

    code = "bad_archive"


class ModelError(PrintroomError):
    """A model cannot be used."""

    code, status = "model_error", 422


class BadModel(ModelError):
    """Not an ONNX graph, or not one from picture to picture."""

    code = "bad_model"


class ConversionFailed(ModelError):
    """Weights of another framework that cannot be made into a model for this one."""

    code = "conversion_failed"


class ModelFailed(ModelError):
    """The network itself failed on a tile."""

    code, status = "model_failed", 500


class LimitCrossed(ModelError):
    """A model that is kept behind walls took more than it may, and was ended.

    `limit` says what of: `memory`, `seconds` by the clock, `cpu` seconds, or `walls` when it did
    what is forbidden.
    """

    code = "limit_crossed"

    def __init__(self, reason: str, remedy: str = "", *, limit: str) -> None:
        super().__init__(reason, remedy)
        self.limit = limit
        """Which."""


class NoSandbox(ModelError):
    """This machine has nothing that keeps the models of strangers from doing harm."""

    code, status = "no_sandbox", 501


class BadReport(ModelError):
    """Not the report of a verification, or not as it was signed."""

    code = "bad_report"


class PipelineError(PrintroomError):
    """A chain of steps cannot be used."""

    code, status = "pipeline_error", 422


class BadPipeline(PipelineError):
    """A pipeline that cannot be run as it is written; `faults` names everything at once."""

    code = "bad_pipeline"

    def __init__(self, reason: str, remedy: str = "", *, faults: tuple[str, ...] = ()) -> None:
        super().__init__(reason, remedy)
        self.faults = faults
        """One sentence each, that begins with the place: `enhance.yaml:7:12: ...`."""


class BadStep(PipelineError):
    """A step's declaration does not hold."""

    code = "bad_step"


class StepFailed(PipelineError):
    """A step's own code failed."""

    code, status = "step_failed", 500

    def __init__(self, reason: str, remedy: str = "", *, memory: bool = False) -> None:
        super().__init__(reason, remedy)
        self.memory = memory
        """Whether it could not allocate what it needed."""


class StepLost(PipelineError):
    """The process of a step died, hung or sent garbage, more often than it may be tried again."""

    code, status = "step_lost", 500


class EnvironmentFailed(PipelineError):
    """The environment that a step asks for cannot be made."""

    code, status = "environment_failed", 500


class NoCard(PipelineError):
    """A step asks for graphics cards that this machine does not have."""

    code, status = "no_card", 501


class StoreError(PrintroomError):
    """A store of objects cannot do what was asked."""

    code, status = "store_error", 502


class BadKey(StoreError):
    """A key that is not well formed, and might mean something else to some store."""

    code, status = "bad_key", 422


class OutOfScope(StoreError):
    """The handle was made for other keys, or not for writing."""

    code, status = "out_of_scope", 403


class StoreRefused(StoreError):
    """The service does not let us in: wrong credentials, or rights that are missing."""

    code = "store_refused"


class StoreUnavailable(StoreError):
    """The service does not answer, or only with faults, however often it is asked."""

    code, status = "store_unavailable", 503


class NotOffered(StoreError):
    """A kind of store that cannot do it."""

    code, status = "not_offered", 422


class ConditionFailed(StoreError):
    """Nothing was written: the object is not as the writer supposed."""

    code, status = "condition_failed", 412


class ObjectChanged(StoreError):
    """The object was replaced while it was read; nothing of the new one was mixed in."""

    code, status = "object_changed", 409


class OutboundError(PrintroomError):
    """Another server, asked on somebody's behalf, gives nothing."""

    code, status = "outbound_error", 502


class AddressRefused(OutboundError):
    """The address is not one that this server may ask: private, of this machine, or not https."""

    code, status = "address_refused", 422


class FetchFailed(OutboundError):
    """It cannot be reached, is too slow, or answers with an error."""

    code, status = "fetch_failed", 502


class DatabaseError(PrintroomError):
    """The database cannot do what was asked."""

    code = "database_error"


class DatabaseUnavailable(DatabaseError):
    """It does not answer, or is locked for longer than anybody should wait."""

    code, status = "database_unavailable", 503


class DatabaseMismatch(DatabaseError):
    """Its tables are missing, or were made by a newer printroom."""

    code = "database_mismatch"


class JobError(PrintroomError):
    """A job cannot do what was asked of it, or did not end well."""

    code = "job_error"


class KeyReused(JobError):
    """An idempotency key that came before, with something else in the request."""

    code, status = "idempotency_key_reused", 422


class WrongState(JobError):
    """The job is not in the state that this needs."""

    code, status = "wrong_state", 409


class DeadlinePassed(JobError):
    """The job was not done by its deadline."""

    code, status = "deadline_passed", 504


class WorkerLost(JobError):
    """The workers that had the job died, more often than it may be tried again."""

    code = "worker_lost"


class HandlerFailed(JobError):
    """The code that does the job failed, more often than it may be tried again."""

    code = "handler_failed"


class MarketError(PrintroomError):
    """The market does not do what was asked."""

    code, status = "market_error", 422


class NotEnoughCredits(MarketError):
    """The wallet has less than this costs, without what is held for others."""

    code, status = "insufficient_credits", 402


class NoAccess(MarketError):
    """What is on offer was not bought, or is used up, over, or taken back."""

    code, status = "no_access", 403


class NoQuote(MarketError):
    """What a run costs depends on something that is not known before it runs."""

    code = "no_quote"


class TermsChanged(MarketError):
    """The offer changed after the buyer looked at it; nothing was charged."""

    code, status = "terms_changed", 409


class PaymentFailed(MarketError):
    """The payment provider does not answer, or says no."""

    code, status = "payment_failed", 502


class OutputError(PrintroomError):
    """A result cannot be written."""

    code = "output_error"


class Unwritable(OutputError):
    """The place named for the result cannot be written."""

    code = "unwritable_output"


class DiskFull(OutputError):
    """The disk filled up while a result was written."""

    code, status = "disk_full", 507


class Stopped(PrintroomError):
    """The work did not go on, and nobody is at fault."""

    code = "stopped"


class Cancelled(Stopped):
    """The caller took the request back."""

    code, status = "cancelled", 499


class LeaseLost(Stopped):
    """The worker was not heard of for so long that the job was given to another one."""

    code, status = "lease_lost", 409


class Overloaded(Stopped):
    """More is waiting than the server will hold."""

    code, status = "overloaded", 503

    def __init__(self, reason: str, remedy: str = "", *, retry_after: int) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        """Seconds to wait before trying again."""
