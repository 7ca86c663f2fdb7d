-- A store as schema version 7 wrote it; never changed, so that it can always be read.
PRAGMA application_id = 1162037078;
PRAGMA user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'ecgview','0001_reads_drafts_and_audit','2026-11-28 01:40:57.234799+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'ecgview','0002_results_of_models','2026-11-28 01:40:57.235401+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'ecgview','0003_versions_of_drafts_and_exposures','2026-11-28 05:35:17.904429+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'ecgview','0004_questions_of_results','2026-11-28 08:15:07.803077+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'ecgview','0005_judgements_of_reasons','2026-11-28 14:44:48.504477+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'ecgview','0006_edges_of_waves','2026-11-28 15:03:49.767667+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'ecgview','0007_who_was_told','2026-11-28 18:45:51.882698+00:00');
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
INSERT INTO "annotations" VALUES(1,0,'["II"]',1.0,1.25,'PVC','早搏','ptbxl71','1.0');
INSERT INTO "annotations" VALUES(2,0,'["II"]',1.0,1.25,'PVC','早搏','ptbxl71','1.0');
INSERT INTO "annotations" VALUES(3,0,'["II"]',1.0,1.25,'PVC','早搏','ptbxl71','1.0');
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
INSERT INTO "audit" VALUES(1,'2026-11-28T01:40:57.307Z',0,'Reader A','ecgview 0.1.0','reading_started','a1','','','0000000000000000000000000000000000000000000000000000000000000000','dbd46703ce0e9cddefc3fdf668870adabdaa4cb5ed50c30d0df8ef45532c9246');
INSERT INTO "audit" VALUES(2,'2026-11-28T01:40:57.308Z',0,'Reader A','ecgview 0.1.0','first_read_committed','a1','version 1: AFIB (probable); blind','5825b98b86d6fbb736fa02776e192ae4b3331423619c183b6b596fcbb9cc1fbe','dbd46703ce0e9cddefc3fdf668870adabdaa4cb5ed50c30d0df8ef45532c9246','279e91c86a556fcc5eb8e74d3c094e052f2d1d824390eaab3a9ba7328381668e');
INSERT INTO "audit" VALUES(3,'2026-11-28T01:40:57.314Z',0,'Reader A','ecgview 0.1.0','revealed','a1','','','279e91c86a556fcc5eb8e74d3c094e052f2d1d824390eaab3a9ba7328381668e','a730446200d4451fd7aa47268b571397b434e81389f36fcc53cca9fb874de965');
INSERT INTO "audit" VALUES(4,'2026-11-28T01:40:57.318Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','a730446200d4451fd7aa47268b571397b434e81389f36fcc53cca9fb874de965','5775c059ac164d1e0fef795046cc666568838e0edc4efaf7dd667ba2c807dada');
INSERT INTO "audit" VALUES(5,'2026-11-28T01:40:57.319Z',0,'Reader A','ecgview 0.1.0','signed','a1','version 2: AFIB (probable); blind','3823a6fba50748e51bfc4a549f75f1998d3fd322969c8642a76f7ce137b0802a','5775c059ac164d1e0fef795046cc666568838e0edc4efaf7dd667ba2c807dada','3722eb3cc9ab1e4a3f86f88f095f15befb6d680f34ca5fd567c134ebc8947bff');
INSERT INTO "audit" VALUES(6,'2026-11-28T01:40:57.324Z',0,'Reader A','ecgview 0.1.0','amendment_opened','a1','typing error','','3722eb3cc9ab1e4a3f86f88f095f15befb6d680f34ca5fd567c134ebc8947bff','db2e1d27d82b6f309069aff675bd9f96d16a3b63c72ec7d06e1754c4d2502ecd');
INSERT INTO "audit" VALUES(7,'2026-11-28T01:40:57.325Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','db2e1d27d82b6f309069aff675bd9f96d16a3b63c72ec7d06e1754c4d2502ecd','65f5c7ca06fd0f76ca3c9833c9b1c13b6718a258397caea48819724a9f360852');
INSERT INTO "audit" VALUES(8,'2026-11-28T01:40:57.325Z',0,'Reader A','ecgview 0.1.0','amended','a1','version 3: AFIB (probable); blind; reason: typing error','1b9ced5fbb9d190bf070510f9cca30c3fc127baea588e7291e4865fba34b6221','65f5c7ca06fd0f76ca3c9833c9b1c13b6718a258397caea48819724a9f360852','eae4e338f435e8d92d6cf2376ca46f41d1c413c57707652d5fd6dc8d582f1cce');
INSERT INTO "audit" VALUES(9,'2026-11-28T01:40:57.338Z',0,'Reader A','ecgview 0.1.0','reading_started','b2','','','eae4e338f435e8d92d6cf2376ca46f41d1c413c57707652d5fd6dc8d582f1cce','fb22fe185ad58d74193ed8371eccc0c0c95fb1c44b78f7f5b344755656275f61');
INSERT INTO "audit" VALUES(10,'2026-11-28T01:40:57.339Z',0,'Reader B','ecgview 0.1.0','blind_off','c3','','','fb22fe185ad58d74193ed8371eccc0c0c95fb1c44b78f7f5b344755656275f61','b2e52fb7ba095c924b5708e3d2bbb883d1879e6d0ea9cbf2ed4122de1ff39b35');
INSERT INTO "audit" VALUES(11,'2026-11-28T01:40:57.342Z',0,'Reader B','ecgview 0.1.0','reading_started','c3','','','b2e52fb7ba095c924b5708e3d2bbb883d1879e6d0ea9cbf2ed4122de1ff39b35','337c062ac99db2244810eebd362646ecbbf77bffab7acda21419001ce8c18e22');
INSERT INTO "audit" VALUES(12,'2026-11-28T01:40:57.342Z',0,'Reader B','ecgview 0.1.0','first_read_committed','c3','version 1: SR (definite); not blind','63d451bdcb0e1f5cc6d3ea694aef7b29f35c1506342638e3ff8b7235b6909cb7','337c062ac99db2244810eebd362646ecbbf77bffab7acda21419001ce8c18e22','c79d25cc3e1f281923f66f4ff45d9cff90bed173266802e112c124c8a5e0e679');
INSERT INTO "audit" VALUES(13,'2026-11-28T01:40:57.350Z',0,'Reader B','ecgview 0.1.0','signed','c3','version 2: SR (definite); not blind','55ddb055920f90015ac0a3e66c0db17790967362b7128194f568e8ef01c24fdc','c79d25cc3e1f281923f66f4ff45d9cff90bed173266802e112c124c8a5e0e679','8bf7bdf08ed61f3f699790e488975fd2bfa65460434d97636dda950fe95a6192');
INSERT INTO "audit" VALUES(14,'2026-11-28T05:35:17.934Z',0,'','ecgview 0.1.0','exposed','b2','classify: zebra','32d6521e97589b02e46b401006528ea94e05aac081a725bac11d475f85c5ead8','8bf7bdf08ed61f3f699790e488975fd2bfa65460434d97636dda950fe95a6192','4e80ae88de5665d2fcc25989d57832934b2de5599c6d021db44f1133a7c3f4b2');
INSERT INTO "audit" VALUES(15,'2026-11-28T08:15:07.807Z',0,'Reader B','ecgview 0.1.0','reading_started','d4','','','4e80ae88de5665d2fcc25989d57832934b2de5599c6d021db44f1133a7c3f4b2','9e89e03b56b5bf98915ed9e6cfa5e6ccffe53b6bcd5f647d68d92485f0454d94');
INSERT INTO "audit" VALUES(16,'2026-11-28T08:15:07.807Z',0,'Reader B','ecgview 0.1.0','first_read_committed','d4','version 1: old IMI (probable); blind','162883edb8268fd91c7762dd36c53ed1d0e364d8efa2c1bd9956982646e88192','9e89e03b56b5bf98915ed9e6cfa5e6ccffe53b6bcd5f647d68d92485f0454d94','9720c2d0373ca23abba23f07b32d5ab9530a643319b0c3ed912ba4795516fd0a');
INSERT INTO "audit" VALUES(17,'2026-11-28T08:15:07.809Z',0,'Reader B','ecgview 0.1.0','revealed','d4','','','9720c2d0373ca23abba23f07b32d5ab9530a643319b0c3ed912ba4795516fd0a','840e4599a6d1acc9e6fe1cc0acb41abcd6fb1d8bf1454b166f3e83fecac967bd');
INSERT INTO "audit" VALUES(18,'2026-11-28T08:15:07.810Z',0,'Reader B','ecgview 0.1.0','signed','d4','version 2: old IMI (probable); blind','947a37f99e7766f1e3c32cb6cc81b6fe49f87bc1084b318a3ecd56c03e139360','840e4599a6d1acc9e6fe1cc0acb41abcd6fb1d8bf1454b166f3e83fecac967bd','fccba21b01f9f3aaee4fcce6649a397103621c7593da3501f6bce9491b5a1005');
INSERT INTO "audit" VALUES(19,'2026-11-28T18:45:51.934Z',0,'Reader B','ecgview 0.1.0','reading_started','e5','','','fccba21b01f9f3aaee4fcce6649a397103621c7593da3501f6bce9491b5a1005','47ed0828a040de29a0cace4a146da6469a269865d1d068c3b3f7be75e0dc0eed');
INSERT INTO "audit" VALUES(20,'2026-11-28T18:45:51.934Z',0,'Reader B','ecgview 0.1.0','measurement_edited','e5','T offset of the median beat at 0.412 s from the QRS peak','','47ed0828a040de29a0cace4a146da6469a269865d1d068c3b3f7be75e0dc0eed','8f620feadb7e55fd0247a53c1c2891e0eebd3a4edb0948a58895ca55676cd18d');
INSERT INTO "audit" VALUES(21,'2026-11-28T18:45:51.934Z',0,'Reader B','ecgview 0.1.0','critical_finding_told','e5','Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','','8f620feadb7e55fd0247a53c1c2891e0eebd3a4edb0948a58895ca55676cd18d','e6d0e30289fa1b421931c36833f60dbe6d6365d96cdbd5ab34ecfcffedc49006');
INSERT INTO "audit" VALUES(22,'2026-11-28T18:45:51.935Z',0,'Reader B','ecgview 0.1.0','first_read_committed','e5','version 1: SR (definite); blind; T offset of the median beat at 0.412 s from the QRS peak; Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','9d0933be78c3719778843af05c1648825fa43d1b3367458868b2242d437eb4eb','e6d0e30289fa1b421931c36833f60dbe6d6365d96cdbd5ab34ecfcffedc49006','3c34f2fa016715c80ad77575d816f255a767aeae1f72a07982a2821f727a704e');
INSERT INTO "audit" VALUES(23,'2026-11-28T18:45:51.946Z',0,'Reader B','ecgview 0.1.0','revealed','e5','','','3c34f2fa016715c80ad77575d816f255a767aeae1f72a07982a2821f727a704e','48bf6b5173a4fe499c132c708530fd75c4fbb10290483004e1a0a57e7b2eac2c');
INSERT INTO "audit" VALUES(24,'2026-11-28T18:45:51.958Z',0,'Reader B','ecgview 0.1.0','judged','e5','disagree on V1, 0.50 to 1.00 s: map of SR by m 1.0','2797124efd7adb38cb9203859328fafeabf2a20192a05fa5d7a0ec10f4d5e456','48bf6b5173a4fe499c132c708530fd75c4fbb10290483004e1a0a57e7b2eac2c','b94f239f6d2444f78bad2c64a340de7876e6e04afefaabc1533c958933a1fb73');
INSERT INTO "audit" VALUES(25,'2026-11-28T18:45:51.975Z',0,'Reader B','ecgview 0.1.0','signed','e5','version 2: SR (definite); blind; T offset of the median beat at 0.412 s from the QRS peak; Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','1fb3da05980f04607eb697225a9ea2c3768c157121fb4893f899207ce2f89dc2','b94f239f6d2444f78bad2c64a340de7876e6e04afefaabc1533c958933a1fb73','c7b063b41b03a2a6eca1f536dbb1f3ffb3f1b15f7475387ca6a64734189c36d9');
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
, follows INTEGER NOT NULL DEFAULT 0);
INSERT INTO "drafts" VALUES(1,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [], "comment": ""}','2026-11-28T01:40:57.307Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(2,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": ""}','2026-11-28T01:40:57.308Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(3,'a1','Reader A',1,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波"}','2026-11-28T01:40:57.318Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(4,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波"}','2026-11-28T01:40:57.324Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(5,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波。"}','2026-11-28T01:40:57.325Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(6,'b2','Reader A',0,'','{"statements": [], "annotations": [], "comment": "half way"}','2026-11-28T01:40:57.338Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(7,'c3','Reader B',0,'','{"statements": [{"code": "SR", "certainty": "definite", "label_set": "ptbxl71", "version": "1.0"}], "annotations": [], "comment": ""}','2026-11-28T01:40:57.342Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(8,'d4','Reader B',0,'','{"statements": [{"code": "IMI", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": ["old"]}], "annotations": [], "comment": ""}','2026-11-28T08:15:07.807Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(9,'e5','Reader B',0,'','{"statements": [], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": []}','2026-11-28T18:45:51.934Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(10,'e5','Reader B',0,'','{"statements": [], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": [{"code": "STE", "name": "ST elevation", "person": "Dr Li (ward 3)", "at": "2026-01-02T03:04:05Z", "by": "Reader B"}]}','2026-11-28T18:45:51.934Z',0,'ecgview 0.1.0',9);
INSERT INTO "drafts" VALUES(11,'e5','Reader B',0,'','{"statements": [{"code": "SR", "certainty": "definite", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": [{"code": "STE", "name": "ST elevation", "person": "Dr Li (ward 3)", "at": "2026-01-02T03:04:05Z", "by": "Reader B"}]}','2026-11-28T18:45:51.935Z',0,'ecgview 0.1.0',10);
CREATE TABLE exposures (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    reader TEXT NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
INSERT INTO "exposures" VALUES(1,'b2','classify','zebra','','2026-11-28T05:35:17.934Z',0,'ecgview 0.1.0');
CREATE TABLE judgements (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    number INTEGER NOT NULL,
    withdraws INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('agree', 'disagree', 'artefact', 'missed_here')),
    leads TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('map', 'reconstruction')),
    target TEXT NOT NULL,
    model_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    method TEXT NOT NULL,
    stamp TEXT NOT NULL,
    shown TEXT NOT NULL CHECK (shown IN ('true', 'sham-other', 'sham-random')),
    shown_target TEXT NOT NULL,
    text TEXT NOT NULL,
    read_number INTEGER NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL,
    UNIQUE (record_sha256, reader, number)
);
INSERT INTO "judgements" VALUES(1,'e5','Reader B',1,0,'disagree','["V1"]',0.5,1.0,'map','SR','m','1.0','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','integrated gradients','','true','','',1,'2026-11-28T18:45:51.958Z',0,'ecgview 0.1.0');
CREATE TABLE read_edges (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    edge TEXT NOT NULL,
    beat INTEGER,
    to_s REAL,
    by TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
INSERT INTO "read_edges" VALUES(8,0,'T offset',NULL,0.412,'Reader B','2026-01-02T03:04:05Z');
INSERT INTO "read_edges" VALUES(9,0,'T offset',NULL,0.412,'Reader B','2026-01-02T03:04:05Z');
CREATE TABLE read_statements (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    certainty TEXT NOT NULL,
    label_set TEXT NOT NULL,
    version TEXT NOT NULL, modifiers TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (read_id, position)
);
INSERT INTO "read_statements" VALUES(1,0,'AFIB','probable','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(2,0,'AFIB','probable','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(3,0,'AFIB','probable','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(4,0,'SR','definite','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(5,0,'SR','definite','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(6,0,'IMI','probable','ptbxl71','1.0','["old"]');
INSERT INTO "read_statements" VALUES(7,0,'IMI','probable','ptbxl71','1.0','["old"]');
INSERT INTO "read_statements" VALUES(8,0,'SR','definite','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(9,0,'SR','definite','ptbxl71','1.0','[]');
CREATE TABLE read_told (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    person TEXT NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
INSERT INTO "read_told" VALUES(8,0,'STE','ST elevation','Dr Li (ward 3)','2026-01-02T03:04:05Z','Reader B');
INSERT INTO "read_told" VALUES(9,0,'STE','ST elevation','Dr Li (ward 3)','2026-01-02T03:04:05Z','Reader B');
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
    changes TEXT NOT NULL, exposed TEXT NOT NULL DEFAULT '',
    UNIQUE (record_sha256, reader, number)
);
INSERT INTO "reads" VALUES(1,'a1','Reader A',1,'first','','2026-11-28T01:40:57.308Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]','');
INSERT INTO "reads" VALUES(2,'a1','Reader A',2,'signed','无P波','2026-11-28T01:40:57.319Z',0,'ecgview 0.1.0',1,'2026-11-28T01:40:57.314Z',0,'','["comment changed"]','');
INSERT INTO "reads" VALUES(3,'a1','Reader A',3,'amendment','无P波。','2026-11-28T01:40:57.325Z',0,'ecgview 0.1.0',1,'2026-11-28T01:40:57.314Z',0,'typing error','["comment changed"]','');
INSERT INTO "reads" VALUES(4,'c3','Reader B',1,'first','','2026-11-28T01:40:57.342Z',0,'ecgview 0.1.0',0,'2026-11-28T01:40:57.339Z',0,'','[]','');
INSERT INTO "reads" VALUES(5,'c3','Reader B',2,'signed','','2026-11-28T01:40:57.350Z',0,'ecgview 0.1.0',0,'2026-11-28T01:40:57.339Z',0,'','[]','');
INSERT INTO "reads" VALUES(6,'d4','Reader B',1,'first','','2026-11-28T08:15:07.807Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]','');
INSERT INTO "reads" VALUES(7,'d4','Reader B',2,'signed','','2026-11-28T08:15:07.810Z',0,'ecgview 0.1.0',1,'2026-11-28T08:15:07.809Z',0,'','[]','');
INSERT INTO "reads" VALUES(8,'e5','Reader B',1,'first','','2026-11-28T18:45:51.935Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]','');
INSERT INTO "reads" VALUES(9,'e5','Reader B',2,'signed','','2026-11-28T18:45:51.975Z',0,'ecgview 0.1.0',1,'2026-11-28T18:45:51.946Z',0,'','[]','');
CREATE TABLE record_paths (
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    first_seen_utc TEXT NOT NULL,
    PRIMARY KEY (record_sha256, path)
);
INSERT INTO "record_paths" VALUES('a1','first.hea','2026-11-28T01:40:57.259Z');
INSERT INTO "record_paths" VALUES('b2','second.hea','2026-11-28T01:40:57.338Z');
INSERT INTO "record_paths" VALUES('c3','third.hea','2026-11-28T01:40:57.339Z');
INSERT INTO "record_paths" VALUES('d4','d4.npy','2026-11-28T08:15:07.806Z');
INSERT INTO "record_paths" VALUES('e5','e5.npy','2026-11-28T18:45:51.923Z');
CREATE TABLE records (
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    n_leads INTEGER NOT NULL,
    fs_hz REAL NOT NULL,
    duration_s REAL NOT NULL,
    synthetic INTEGER NOT NULL,
    first_seen_utc TEXT NOT NULL
);
INSERT INTO "records" VALUES('a1','wfdb',12,500.0,10.0,0,'2026-11-28T01:40:57.259Z');
INSERT INTO "records" VALUES('b2','wfdb',12,500.0,10.0,0,'2026-11-28T01:40:57.338Z');
INSERT INTO "records" VALUES('c3','wfdb',12,500.0,10.0,0,'2026-11-28T01:40:57.339Z');
INSERT INTO "records" VALUES('d4','npy',1,500.0,10.0,0,'2026-11-28T08:15:07.806Z');
INSERT INTO "records" VALUES('e5','npy',1,500.0,10.0,0,'2026-11-28T18:45:51.923Z');
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('prediction', 'lef')),
    content TEXT NOT NULL,
    stored_utc TEXT NOT NULL
, question TEXT NOT NULL DEFAULT '');
INSERT INTO "results" VALUES(1,'a1','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','prediction','{"model": {"model_id": "m", "name": "Model", "version": "1.0", "sha256": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "training_data": "PTB-XL", "calibrated": "not calibrated", "caveat": ""}, "record_sha256": "a1", "device": "cpu", "duration_ms": 12.5, "scores": [{"code": "AFIB", "label": "心房颤动", "probability": 0.75, "threshold": null}], "warnings": ["one"]}','2026-11-28T01:40:57.318Z','');
INSERT INTO "results" VALUES(2,'a1','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','lef','{"model": {"model_id": "m", "name": "Model", "version": "1.0", "sha256": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "training_data": "PTB-XL", "calibrated": "not calibrated", "caveat": ""}, "record_sha256": "a1", "kind": "index", "model_output": 0.5, "value": 0.62, "threshold": 0.5, "result": "raised index", "reason": "", "contributions": {"base_value": 0.1, "items": [{"predictor": "1-P(NORM)", "value": 0.9, "contribution": 0.4}], "model_output": 0.5, "output_unit": "logit", "method": "linear"}, "single_predictors": [["P(ILBBB)", 0.2]]}','2026-11-28T01:40:57.318Z','');
CREATE TABLE reveals (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('revealed', 'blind_off')),
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL
);
INSERT INTO "reveals" VALUES(1,'a1','Reader A','revealed','2026-11-28T01:40:57.314Z',0);
INSERT INTO "reveals" VALUES(2,'c3','Reader B','blind_off','2026-11-28T01:40:57.339Z',0);
INSERT INTO "reveals" VALUES(3,'d4','Reader B','revealed','2026-11-28T08:15:07.809Z',0);
INSERT INTO "reveals" VALUES(4,'e5','Reader B','revealed','2026-11-28T18:45:51.946Z',0);
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
CREATE INDEX results_by_model ON results(record_sha256, model_sha256, kind, id);
CREATE TRIGGER results_is_never_updated BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'results is append-only'); END;
CREATE TRIGGER results_is_never_deleted BEFORE DELETE ON results
BEGIN SELECT RAISE(ABORT, 'results is append-only'); END;
CREATE INDEX exposures_by_record ON exposures(record_sha256, id);
CREATE TRIGGER exposures_is_never_updated BEFORE UPDATE ON exposures
BEGIN SELECT RAISE(ABORT, 'exposures is append-only'); END;
CREATE TRIGGER exposures_is_never_deleted BEFORE DELETE ON exposures
BEGIN SELECT RAISE(ABORT, 'exposures is append-only'); END;
CREATE INDEX results_by_question ON results(question, kind, id) WHERE question <> '';
CREATE UNIQUE INDEX judgements_are_withdrawn_once ON judgements(record_sha256, reader, withdraws)
WHERE withdraws <> 0;
CREATE TRIGGER judgements_is_never_updated BEFORE UPDATE ON judgements
BEGIN SELECT RAISE(ABORT, 'judgements is append-only'); END;
CREATE TRIGGER judgements_is_never_deleted BEFORE DELETE ON judgements
BEGIN SELECT RAISE(ABORT, 'judgements is append-only'); END;
CREATE TRIGGER read_edges_is_never_updated BEFORE UPDATE ON read_edges
BEGIN SELECT RAISE(ABORT, 'read_edges is append-only'); END;
CREATE TRIGGER read_edges_is_never_deleted BEFORE DELETE ON read_edges
BEGIN SELECT RAISE(ABORT, 'read_edges is append-only'); END;
CREATE TRIGGER read_told_is_never_updated BEFORE UPDATE ON read_told
BEGIN SELECT RAISE(ABORT, 'read_told is append-only'); END;
CREATE TRIGGER read_told_is_never_deleted BEFORE DELETE ON read_told
BEGIN SELECT RAISE(ABORT, 'read_told is append-only'); END;
COMMIT;
