-- The roles belong to the whole server, so another database may have made them already.
-- None of them can log in: a login is made a member of one of them.
DO $$
DECLARE
    wanted text;
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'database % is encoded in %, and the event log hashes UTF-8 text',
            current_database(), current_setting('server_encoding')
            USING HINT = 'Create the database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
    IF current_setting('server_version_num')::integer < 140000 THEN
        RAISE EXCEPTION 'this server is PostgreSQL %, and the event log needs 14 or later', current_setting('server_version');
    END IF;
    FOREACH wanted IN ARRAY ARRAY ['annal_owner', 'annal_runtime', 'annal_projector', 'annal_auditor']
        LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                BEGIN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
                EXCEPTION
                    -- A migration of another database on this server made it in the same moment.
                    WHEN duplicate_object OR unique_violation THEN NULL;
                END;
            END IF;
        END LOOP;
    -- An administrator that is no superuser has to belong to the owner to hand objects over to it.
    IF NOT pg_has_role(current_user, 'annal_owner', 'MEMBER') THEN
        EXECUTE format('GRANT annal_owner TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA annal AUTHORIZATION annal_owner;
GRANT USAGE ON SCHEMA annal TO annal_runtime, annal_projector, annal_auditor;
