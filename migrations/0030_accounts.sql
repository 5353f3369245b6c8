-- Who may sign in to the server. These tables change; that they did is recorded in the ledger `access`, in the same
-- transaction, so that administration is proved like everything else. Secrets are here as hashes only, and never there.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'annal_server') THEN
        BEGIN
            CREATE ROLE annal_server NOLOGIN;
        EXCEPTION
            -- A migration of another database on this server made it in the same moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    -- The server reads the log and the read models and appends, as a worker does; beside that, accounts.
    IF NOT pg_has_role('annal_server', 'annal_runtime', 'MEMBER') THEN
        BEGIN
            GRANT annal_runtime TO annal_server;
        EXCEPTION
            WHEN internal_error OR unique_violation THEN NULL;
        END;
    END IF;
END
$$;

CREATE SCHEMA annal_access AUTHORIZATION annal_owner;
GRANT USAGE ON SCHEMA annal_access TO annal_server;

SET LOCAL ROLE annal_owner;

-- An account is never deleted, so that a person's id is never given to somebody else.
CREATE TABLE annal_access.people
(
    person      text        PRIMARY KEY CHECK (person <> '' AND octet_length(person) <= 200),
    name        text        NOT NULL CHECK (name <> '' AND octet_length(name) <= 200),
    added_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz,
    -- How many events the person's stream in the ledger `access` has.
    revision    bigint      NOT NULL DEFAULT 0 CHECK (revision >= 0)
);

CREATE TABLE annal_access.passwords
(
    person   text        PRIMARY KEY REFERENCES annal_access.people,
    -- argon2id, with its parameters and salt, as a PHC string.
    hash     text        NOT NULL CHECK (hash LIKE '$argon2id$%'),
    -- Chosen by somebody else than the person: good for one sign-in, which has to choose another.
    one_time boolean     NOT NULL,
    set_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The person behind a subject of an OpenID Connect issuer.
CREATE TABLE annal_access.links
(
    issuer  text NOT NULL,
    subject text NOT NULL,
    person  text NOT NULL REFERENCES annal_access.people,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX links_by_person ON annal_access.links (person);

CREATE TABLE annal_access.grants
(
    person text NOT NULL REFERENCES annal_access.people,
    ledger text NOT NULL,
    access text NOT NULL CHECK (access IN ('member', 'auditor', 'admin')),
    PRIMARY KEY (person, ledger, access)
);

-- The id of a session is the SHA-256 of 256 random bits that only the browser keeps.
CREATE TABLE annal_access.sessions
(
    id            bytea       PRIMARY KEY CHECK (octet_length(id) = 32),
    person        text        NOT NULL REFERENCES annal_access.people,
    method        text        NOT NULL CHECK (method IN ('password', 'openid_connect')),
    begun_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    -- The person has signed in anew for one act: which, and until when that counts. Taken by the act.
    confirmed_for text,
    confirmed_until timestamptz,
    -- Of an OpenID Connect sign-in: lets the issuer know which of its sessions ends.
    id_token      text
);
CREATE INDEX sessions_by_person ON annal_access.sessions (person);

-- For machines. Never deleted: who had one stays known.
CREATE TABLE annal_access.tokens
(
    token      uuid        PRIMARY KEY,
    hash       bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    person     text        NOT NULL REFERENCES annal_access.people,
    name       text        NOT NULL CHECK (name <> '' AND octet_length(name) <= 200),
    scope      text        NOT NULL CHECK (scope IN ('read', 'act')),
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
);
CREATE INDEX tokens_by_person ON annal_access.tokens (person);

-- Wrong passwords of late, by a hash of whose or from where. Counted before the password is looked at.
CREATE TABLE annal_access.attempts
(
    subject  bytea       PRIMARY KEY,
    failures integer     NOT NULL,
    last_at  timestamptz NOT NULL
);

-- Sign-ins that are with an issuer now. The key is the SHA-256 of `state`.
CREATE TABLE annal_access.pending
(
    state      bytea       PRIMARY KEY CHECK (octet_length(state) = 32),
    nonce      text        NOT NULL,
    verifier   text        NOT NULL,
    next       text        NOT NULL,
    -- The session that signs in anew, and for which act; none for a first sign-in.
    session    bytea,
    act        text,
    asked_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION annal_access.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: people and tokens stay known', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'AN009', HINT = 'Disable the account or revoke the token.';
END
$$;

CREATE TRIGGER refuse_delete BEFORE DELETE ON annal_access.people
    FOR EACH ROW EXECUTE FUNCTION annal_access.refuse_change();
CREATE TRIGGER refuse_delete BEFORE DELETE ON annal_access.tokens
    FOR EACH ROW EXECUTE FUNCTION annal_access.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON annal_access.people
    FOR EACH STATEMENT EXECUTE FUNCTION annal_access.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON annal_access.tokens
    FOR EACH STATEMENT EXECUTE FUNCTION annal_access.refuse_change();

-- The ledger that the record goes to, made by whoever uses accounts first.
CREATE FUNCTION annal_access.make_ledger() RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    IF NOT EXISTS (SELECT FROM annal.ledgers WHERE ledger = 'access') THEN
        PERFORM annal.create_ledger('access');
    END IF;
END
$$;
REVOKE ALL ON FUNCTION annal_access.make_ledger(), annal_access.refuse_change() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annal_access.make_ledger() TO annal_server;

GRANT SELECT ON ALL TABLES IN SCHEMA annal_access TO annal_server;
GRANT INSERT (person, name), UPDATE (name, disabled_at, revision) ON annal_access.people TO annal_server;
GRANT INSERT, UPDATE, DELETE ON annal_access.passwords, annal_access.sessions, annal_access.attempts TO annal_server;
GRANT INSERT, DELETE ON annal_access.links, annal_access.grants, annal_access.pending TO annal_server;
GRANT INSERT, UPDATE (used_at, revoked_at) ON annal_access.tokens TO annal_server;

RESET ROLE;
