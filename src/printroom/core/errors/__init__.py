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
    │   ├── BadReport                422 bad_report         no report of a verification, or changed
    │   └── WrongBase                409 wrong_base         learnt on another base than the one here
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
    │   ├── HandlerFailed            500 handler_failed     what does its work failed, too often
    │   └── TrainingFailed           500 training_failed    a recipe failed in its own code
    ├── MarketError                  the market does not do what was asked
    │   ├── NotEnoughCredits     402 insufficient_credits  the wallet has less than this costs
    │   ├── NoAccess             403 no_access          not bought, used up, ended or taken back
    │   ├── NoQuote              422 no_quote           what it costs cannot be told beforehand
    │   ├── TermsChanged         409 terms_changed      the offer is not what the buyer saw
    │   └── PaymentFailed        502 payment_failed     the payment provider does not do it
    ├── PeopleError                  what was asked for about a person cannot be done
    │   ├── NoConsent            422 consent_missing    nobody has said that they agree
    │   ├── TooFewPictures       409 too_few_pictures   fewer than it takes to learn them
    │   ├── PicturesDiffer       409 pictures_differ    some seem to show somebody else
    │   └── ForbiddenWords       422 forbidden_words    a prompt that is not drawn here
    ├── OutputError                  a result cannot be written
    │   ├── Unwritable               500 unwritable_output
    │   └── DiskFull                 507 disk_full
    └── Stopped                      nobody is at fault
        ├── Cancelled                499 cancelled
        ├── LeaseLost                409 lease_lost         another worker has the job now
        └── Overloaded               503 overloaded         come back in `retry_after` seconds

A message names the thing, the reason and the remedy; `code` never changes once released. Each
branch has a module; all are imported from here, so that whoever looks for an error finds the tree.
"""

from __future__ import annotations

from printroom.core.errors.access import (
    AccessError,
    BudgetSpent,
    ExpiredCredentials,
    LimitReached,
    MalformedCredentials,
    NoCredentials,
    OtherSite,
    ProviderFailed,
    RateLimited,
    RevokedCredentials,
    TooManyAtOnce,
    UnknownCredentials,
    WrongPassword,
)
from printroom.core.errors.base import (
    PrintroomError,
)
from printroom.core.errors.databases import (
    DatabaseError,
    DatabaseMismatch,
    DatabaseUnavailable,
)
from printroom.core.errors.ending import (
    Cancelled,
    LeaseLost,
    Overloaded,
    Stopped,
)
from printroom.core.errors.jobs import (
    DeadlinePassed,
    HandlerFailed,
    JobError,
    KeyReused,
    TrainingFailed,
    WorkerLost,
    WrongState,
)
from printroom.core.errors.market import (
    MarketError,
    NoAccess,
    NoQuote,
    NotEnoughCredits,
    PaymentFailed,
    TermsChanged,
)
from printroom.core.errors.models import (
    BadModel,
    BadReport,
    ConversionFailed,
    LimitCrossed,
    ModelError,
    ModelFailed,
    NoSandbox,
    WrongBase,
)
from printroom.core.errors.outputs import (
    DiskFull,
    OutputError,
    Unwritable,
)
from printroom.core.errors.outside import (
    AddressRefused,
    FetchFailed,
    OutboundError,
)
from printroom.core.errors.people import (
    ForbiddenWords,
    NoConsent,
    PeopleError,
    PicturesDiffer,
    TooFewPictures,
)
from printroom.core.errors.pictures import (
    BrokenPicture,
    EmptyPicture,
    NeedsMemory,
    NotAPicture,
    PictureError,
    TooManyPixels,
)
from printroom.core.errors.pipelines import (
    BadPipeline,
    BadStep,
    EnvironmentFailed,
    NoCard,
    PipelineError,
    StepFailed,
    StepLost,
)
from printroom.core.errors.requests import (
    AlreadyThere,
    BadArchive,
    BadLink,
    BadOption,
    BodyTimeout,
    BodyTooLarge,
    FormatCannotHold,
    LinkExpired,
    NotAllowed,
    NotFound,
    RequestError,
    ScaleNotOffered,
    UnknownFormat,
)
from printroom.core.errors.stores import (
    BadKey,
    ConditionFailed,
    NotOffered,
    ObjectChanged,
    OutOfScope,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)

__all__ = [
    "AccessError",
    "AddressRefused",
    "AlreadyThere",
    "BadArchive",
    "BadKey",
    "BadLink",
    "BadModel",
    "BadOption",
    "BadPipeline",
    "BadReport",
    "BadStep",
    "BodyTimeout",
    "BodyTooLarge",
    "BrokenPicture",
    "BudgetSpent",
    "Cancelled",
    "ConditionFailed",
    "ConversionFailed",
    "DatabaseError",
    "DatabaseMismatch",
    "DatabaseUnavailable",
    "DeadlinePassed",
    "DiskFull",
    "EmptyPicture",
    "EnvironmentFailed",
    "ExpiredCredentials",
    "FetchFailed",
    "ForbiddenWords",
    "FormatCannotHold",
    "HandlerFailed",
    "JobError",
    "KeyReused",
    "LeaseLost",
    "LimitCrossed",
    "LimitReached",
    "LinkExpired",
    "MalformedCredentials",
    "MarketError",
    "ModelError",
    "ModelFailed",
    "NeedsMemory",
    "NoAccess",
    "NoCard",
    "NoConsent",
    "NoCredentials",
    "NoQuote",
    "NoSandbox",
    "NotAPicture",
    "NotAllowed",
    "NotEnoughCredits",
    "NotFound",
    "NotOffered",
    "ObjectChanged",
    "OtherSite",
    "OutOfScope",
    "OutboundError",
    "OutputError",
    "Overloaded",
    "PaymentFailed",
    "PeopleError",
    "PictureError",
    "PicturesDiffer",
    "PipelineError",
    "PrintroomError",
    "ProviderFailed",
    "RateLimited",
    "RequestError",
    "RevokedCredentials",
    "ScaleNotOffered",
    "StepFailed",
    "StepLost",
    "Stopped",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "TermsChanged",
    "TooFewPictures",
    "TooManyAtOnce",
    "TooManyPixels",
    "TrainingFailed",
    "UnknownCredentials",
    "UnknownFormat",
    "Unwritable",
    "WorkerLost",
    "WrongBase",
    "WrongPassword",
    "WrongState",
]
