//! What can be wrong with a request, by the names that programs go by.

use crate::seats::named;

named! {
    /// The stable name of a problem, `code` in the bodies of RFC 9457.
    Code {
        /// The path names nothing that there is, or nothing of this tenant's.
        NotFound = "not_found",
        /// The path has other methods.
        MethodNotAllowed = "method_not_allowed",
        /// No credential, or one that is not valid.
        Unauthorized = "unauthorized",
        /// A credential of the other side of the API.
        WrongCredential = "wrong_credential",
        /// The role lacks the right.
        Forbidden = "forbidden",
        /// The body is not JSON.
        InvalidJson = "invalid_json",
        /// The body is JSON, but no object, nor a list where one is taken.
        InvalidBody = "invalid_body",
        /// The body broke off, or a message has not its shape.
        InvalidSyntax = "invalid_syntax",
        /// The body is not of a media type that is read here.
        UnsupportedMediaType = "unsupported_media_type",
        /// The body is too large.
        TooLarge = "too_large",
        /// The path and its query are too long.
        UriTooLong = "uri_too_long",
        /// A field that does not exist.
        UnknownField = "unknown_field",
        /// A field that must be there is not.
        MissingField = "missing_field",
        /// A value that does not fit.
        InvalidValue = "invalid_value",
        /// A reason that is none of those for an end.
        InvalidReason = "invalid_reason",
        /// A parameter that does not exist.
        UnknownParameter = "unknown_parameter",
        /// A parameter's value that does not fit.
        InvalidParameter = "invalid_parameter",
        /// A filter that cannot be read.
        InvalidFilter = "invalid_filter",
        /// A cursor of another list, or none at all.
        InvalidCursor = "invalid_cursor",
        /// A cursor that has outlived its time.
        ExpiredCursor = "expired_cursor",
        /// Something else is wrong with the request.
        InvalidRequest = "invalid_request",
        /// More things in a request than it may have.
        TooMany = "too_many",
        /// An event of nobody who is known.
        UnknownMember = "unknown_member",
        /// An event of whoever is meant: several people are.
        AmbiguousMember = "ambiguous_member",
        /// An event of a type that does not exist.
        UnknownType = "unknown_type",
        /// An event that has yet to happen.
        InTheFuture = "in_the_future",
        /// Another has this key or name.
        Taken = "taken",
        /// Another person has this value, which must be unique.
        Uniqueness = "uniqueness",
        /// Several people are meant.
        Ambiguous = "ambiguous",
        /// A checkpoint of the ledger that is none of this tenant's, or not as it was signed.
        InvalidCheckpoint = "invalid_checkpoint",
        /// What was changed is not as `If-Match` has it.
        PreconditionFailed = "precondition_failed",
        /// A connection has two tokens already.
        TwoTokensLive = "two_tokens_live",
        /// A mapping's filter asks for the attribute.
        AttributeInUse = "attribute_in_use",
        /// People still hold values of an attribute of this name and another type.
        StillHeld = "still_held",
        /// There is no live pool of the track's product.
        ProductNotLicensed = "product_not_licensed",
        /// Seats that are not free cannot be given up.
        SeatsInUse = "seats_in_use",
        /// Seats that are not free cannot be held back.
        SeatsNotFree = "seats_not_free",
        /// The pool's policy refuses whoever finds it full.
        SeatUnavailable = "seat_unavailable",
        /// No seat is free for an extension or a transfer.
        PoolFull = "pool_full",
        /// An extension reaches beyond the pool's term.
        PoolTermExceeded = "pool_term_exceeded",
        /// An invitation that is no longer to be sent.
        AlreadySent = "already_sent",
        /// An invitation that was not sent.
        NotSent = "not_sent",
        /// The person has no seat in use.
        NotInCoaching = "not_in_coaching",
        /// The person's coaching is paused.
        Paused = "paused",
        /// The person was reminded a short while ago.
        NudgedRecently = "nudged_recently",
        /// The person was reminded as often as may be in one status.
        NudgedEnough = "nudged_enough",
        /// The server does not know where people reach it, and so can send them no link.
        NoPublicUrl = "no_public_url",
        /// What is asked was answered otherwise before.
        AlreadyAnswered = "already_answered",
        /// A link whose time is over.
        LinkExpired = "link_expired",
        /// A URL that only the server could reach.
        PrivateAddress = "private_address",
        /// Access that has ended and would end at once again.
        AccessEndReached = "access_end_reached",
        /// A file that has no header by which people can be told.
        InvalidFile = "invalid_file",
        /// People are missing in a file, and not so many as were said to be.
        ConfirmOmissions = "confirm_omissions",
        /// People are missing in a file that has rows which name nobody.
        UnreadableRows = "unreadable_rows",
        /// The person is not active.
        NotActive = "not_active",
        /// The person has no place in a pool.
        NotPlaced = "not_placed",
        /// The person has never had access.
        NothingToExtend = "nothing_to_extend",
        /// Nothing of the person's can be paused.
        NothingToPause = "nothing_to_pause",
        /// Leave has paused it, and ends that.
        OnLeave = "on_leave",
        /// The person has no place in a pool to be moved from.
        NothingToTransfer = "nothing_to_transfer",
        /// The identity provider manages the person.
        IdpManaged = "idp_managed",
        /// The person is no user any more.
        NotKnown = "not_known",
        /// Nobody else has an owner's token.
        LastAdmin = "last_admin",
        /// What was typed back is not what was to be.
        NotConfirmed = "not_confirmed",
        /// A review that is decided, or about people who are not as they were.
        ReviewClosed = "review_closed",
        /// The person stands in no line.
        NotWaiting = "not_waiting",
        /// The connection's breaker has not tripped.
        BreakerClosed = "breaker_closed",
        /// The hash is not that of the plan.
        PlanChanged = "plan_changed",
        /// The plan is not, or no more, in a state for this.
        PlanState = "plan_state",
        /// Somebody else has to approve the plan first.
        ApprovalRequired = "approval_required",
        /// A plan would not come to what it said, since people or rules have changed.
        StalePlan = "stale_plan",
        /// Nothing can be done here about what a reconciliation found.
        NotPlannable = "not_plannable",
        /// A line of the ledger that cannot be undone.
        NotRevertible = "not_revertible",
        /// More has happened to the person since what is to be undone.
        ChangedSince = "changed_since",
        /// Nobody approves what they planned themselves.
        OwnPlan = "own_plan",
        /// An `Idempotency-Key` that is none.
        InvalidIdempotencyKey = "invalid_idempotency_key",
        /// An `Idempotency-Key` that came with another request.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// A request with this `Idempotency-Key` is being carried out.
        IdempotencyKeyInUse = "idempotency_key_in_use",
        /// A request was carried out, and its answer is lost.
        IdempotencyAnswerLost = "idempotency_answer_lost",
        /// More requests a second than the tenant may make.
        RateLimited = "rate_limited",
        /// The body did not arrive, or the work was not done, in time.
        Timeout = "timeout",
        /// The database is busy or away.
        Unavailable = "unavailable",
        /// The server is stopping.
        Stopping = "stopping",
        /// This is not done here.
        NotImplemented = "not_implemented",
        /// The server failed.
        Internal = "internal",
    }
}
