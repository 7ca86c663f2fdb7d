PRAGMA application_id = 1162037078;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'ecgview','0001_reads_drafts_and_audit','2026-11-20 23:37:48.440362+00:00');
CREATE TABLE annotations (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    leads TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    label_set TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
INSERT INTO "annotations" VALUES(1,0,'["II"]',1.0,1.5,'PVC','早搏','ptbxl71','1.0');
INSERT INTO "annotations" VALUES(2,0,'["II"]',1.0,1.5,'PVC','早搏','ptbxl71','1.0');
INSERT INTO "annotations" VALUES(3,0,'["II"]',1.0,1.5,'PVC','早搏','ptbxl71','1.0');
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    reader TEXT NOT NULL,
    application TEXT NOT NULL,
    action TEXT NOT NULL,
    record_sha256 TEXT NOT NULL,
    details TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO "audit" VALUES(1,'2026-11-20T23:37:48.473Z',0,'Reader A','ecgview 0.1.0','reading_started','a1','','','0000000000000000000000000000000000000000000000000000000000000000','0dfbada786aa5a4a6f4b0f41edffa2215613833c8df1f28de1268d8fc257f5f6');
INSERT INTO "audit" VALUES(2,'2026-11-20T23:37:48.474Z',0,'Reader A','ecgview 0.1.0','first_read_committed','a1','version 1: AFIB (probable); blind','41f683d60b1df5e7755f7d43c187cd779cf40153e8f03d8f4242dcd83bb14577','0dfbada786aa5a4a6f4b0f41edffa2215613833c8df1f28de1268d8fc257f5f6','4d6429c3601fc369ff7e2d079ed4269b4173504f4034fdf468efe5f8f82d1c0a');
INSERT INTO "audit" VALUES(3,'2026-11-20T23:37:48.477Z',0,'Reader A','ecgview 0.1.0','revealed','a1','','','4d6429c3601fc369ff7e2d079ed4269b4173504f4034fdf468efe5f8f82d1c0a','7b62e0d420261505cfb316d3abcc4c1d0094665195bcb3c659aa68cfd46565c4');
INSERT INTO "audit" VALUES(4,'2026-11-20T23:37:48.478Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','7b62e0d420261505cfb316d3abcc4c1d0094665195bcb3c659aa68cfd46565c4','62dfefb7d481011ddeb0b52916cecb1650d63a8bd27ac10520bffbd2531038e0');
INSERT INTO "audit" VALUES(5,'2026-11-20T23:37:48.478Z',0,'Reader A','ecgview 0.1.0','signed','a1','version 2: AFIB (probable); blind','7053b5c49cb65b7cf9e120d9c6b14359b62088035e46d5051c88877f83ff04d3','62dfefb7d481011ddeb0b52916cecb1650d63a8bd27ac10520bffbd2531038e0','5f0e5704edea66aed477313531b7b5964012ad813f3c7f75edd8d6e79aafb916');
INSERT INTO "audit" VALUES(6,'2026-11-20T23:37:48.481Z',0,'Reader A','ecgview 0.1.0','amendment_opened','a1','typing error','','5f0e5704edea66aed477313531b7b5964012ad813f3c7f75edd8d6e79aafb916','736ff7159a0fcd804639f1453caa6760a4f511e3aaf0fdb4d3e5c0e2e7103178');
INSERT INTO "audit" VALUES(7,'2026-11-20T23:37:48.481Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','736ff7159a0fcd804639f1453caa6760a4f511e3aaf0fdb4d3e5c0e2e7103178','bc6c905a1980ec8d312082a475c316f58f7f2fd073aa90da902437bd534132ca');
INSERT INTO "audit" VALUES(8,'2026-11-20T23:37:48.481Z',0,'Reader A','ecgview 0.1.0','amended','a1','version 3: AFIB (probable); blind; reason: typing error','d8f957da7fef90be611244717edef7a0879a36bb389fd1100a27023ee8142221','bc6c905a1980ec8d312082a475c316f58f7f2fd073aa90da902437bd534132ca','005516a0713e1a1a2266dc8b7c1443059c5abf4da15496301c8bbd21aa66414f');
INSERT INTO "audit" VALUES(9,'2026-11-20T23:37:48.485Z',0,'Reader A','ecgview 0.1.0','reading_started','b2','','','005516a0713e1a1a2266dc8b7c1443059c5abf4da15496301c8bbd21aa66414f','325c625e8ac92586dffcec8572f9c0a0a19c0b1dceb89d731f2a0c5a17087487');
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    after_number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL,
    saved_utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
INSERT INTO "drafts" VALUES(1,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [], "comment": ""}','2026-11-20T23:37:48.473Z',0,'ecgview 0.1.0');
INSERT INTO "drafts" VALUES(2,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.5, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": ""}','2026-11-20T23:37:48.474Z',0,'ecgview 0.1.0');
INSERT INTO "drafts" VALUES(3,'a1','Reader A',1,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.5, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波"}','2026-11-20T23:37:48.478Z',0,'ecgview 0.1.0');
INSERT INTO "drafts" VALUES(4,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.5, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波"}','2026-11-20T23:37:48.481Z',0,'ecgview 0.1.0');
INSERT INTO "drafts" VALUES(5,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.5, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波。"}','2026-11-20T23:37:48.481Z',0,'ecgview 0.1.0');
INSERT INTO "drafts" VALUES(6,'b2','Reader A',0,'','{"statements": [], "annotations": [], "comment": "half way"}','2026-11-20T23:37:48.485Z',0,'ecgview 0.1.0');
CREATE TABLE read_statements (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    certainty TEXT NOT NULL,
    label_set TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
INSERT INTO "read_statements" VALUES(1,0,'AFIB','probable','ptbxl71','1.0');
INSERT INTO "read_statements" VALUES(2,0,'AFIB','probable','ptbxl71','1.0');
INSERT INTO "read_statements" VALUES(3,0,'AFIB','probable','ptbxl71','1.0');
CREATE TABLE reads (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('first', 'signed', 'amendment')),
    comment TEXT NOT NULL,
    committed_utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL,
    blind INTEGER NOT NULL,
    revealed_utc TEXT,
    revealed_offset_minutes INTEGER,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    UNIQUE (record_sha256, reader, number)
);
INSERT INTO "reads" VALUES(1,'a1','Reader A',1,'first','','2026-11-20T23:37:48.474Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]');
INSERT INTO "reads" VALUES(2,'a1','Reader A',2,'signed','无P波','2026-11-20T23:37:48.478Z',0,'ecgview 0.1.0',1,'2026-11-20T23:37:48.477Z',0,'','["comment changed"]');
INSERT INTO "reads" VALUES(3,'a1','Reader A',3,'amendment','无P波。','2026-11-20T23:37:48.481Z',0,'ecgview 0.1.0',1,'2026-11-20T23:37:48.477Z',0,'typing error','["comment changed"]');
CREATE TABLE record_paths (
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    first_seen_utc TEXT NOT NULL,
    PRIMARY KEY (record_sha256, path)
);
INSERT INTO "record_paths" VALUES('a1','first.hea','2026-11-20T23:37:48.098Z');
INSERT INTO "record_paths" VALUES('b2','second.hea','2026-11-20T23:37:48.485Z');
CREATE TABLE records (
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    n_leads INTEGER NOT NULL,
    fs_hz REAL NOT NULL,
    duration_s REAL NOT NULL,
    synthetic INTEGER NOT NULL,
    first_seen_utc TEXT NOT NULL
);
INSERT INTO "records" VALUES('a1','wfdb',12,500.0,10.0,0,'2026-11-20T23:37:48.098Z');
INSERT INTO "records" VALUES('b2','wfdb',12,500.0,10.0,0,'2026-11-20T23:37:48.485Z');
CREATE TABLE reveals (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('revealed', 'blind_off')),
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL
);
INSERT INTO "reveals" VALUES(1,'a1','Reader A','revealed','2026-11-20T23:37:48.477Z',0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX record_paths_by_path ON record_paths(path);
CREATE INDEX drafts_by_reader ON drafts(record_sha256, reader, id);
CREATE INDEX reveals_by_reader ON reveals(record_sha256, reader);
CREATE TRIGGER records_is_never_updated BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'records is append-only'); END;
CREATE TRIGGER records_is_never_deleted BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records is append-only'); END;
CREATE TRIGGER record_paths_is_never_updated BEFORE UPDATE ON record_paths
BEGIN SELECT RAISE(ABORT, 'record_paths is append-only'); END;
CREATE TRIGGER record_paths_is_never_deleted BEFORE DELETE ON record_paths
BEGIN SELECT RAISE(ABORT, 'record_paths is append-only'); END;
CREATE TRIGGER reads_is_never_updated BEFORE UPDATE ON reads
BEGIN SELECT RAISE(ABORT, 'reads is append-only'); END;
CREATE TRIGGER reads_is_never_deleted BEFORE DELETE ON reads
BEGIN SELECT RAISE(ABORT, 'reads is append-only'); END;
CREATE TRIGGER read_statements_is_never_updated BEFORE UPDATE ON read_statements
BEGIN SELECT RAISE(ABORT, 'read_statements is append-only'); END;
CREATE TRIGGER read_statements_is_never_deleted BEFORE DELETE ON read_statements
BEGIN SELECT RAISE(ABORT, 'read_statements is append-only'); END;
CREATE TRIGGER annotations_is_never_updated BEFORE UPDATE ON annotations
BEGIN SELECT RAISE(ABORT, 'annotations is append-only'); END;
CREATE TRIGGER annotations_is_never_deleted BEFORE DELETE ON annotations
BEGIN SELECT RAISE(ABORT, 'annotations is append-only'); END;
CREATE TRIGGER drafts_is_never_updated BEFORE UPDATE ON drafts
BEGIN SELECT RAISE(ABORT, 'drafts is append-only'); END;
CREATE TRIGGER drafts_is_never_deleted BEFORE DELETE ON drafts
BEGIN SELECT RAISE(ABORT, 'drafts is append-only'); END;
CREATE TRIGGER reveals_is_never_updated BEFORE UPDATE ON reveals
BEGIN SELECT RAISE(ABORT, 'reveals is append-only'); END;
CREATE TRIGGER reveals_is_never_deleted BEFORE DELETE ON reveals
BEGIN SELECT RAISE(ABORT, 'reveals is append-only'); END;
CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
COMMIT;
