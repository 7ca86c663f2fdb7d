-- A store as schema version 8 wrote it; never changed, so that it can always be read.
PRAGMA application_id = 1162037078;
PRAGMA user_version = 8;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'ecgview','0001_reads_drafts_and_audit','2026-11-28 20:04:30.420087+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'ecgview','0002_results_of_models','2026-11-28 20:04:30.420436+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'ecgview','0003_versions_of_drafts_and_exposures','2026-11-28 20:04:30.421200+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'ecgview','0004_questions_of_results','2026-11-28 20:04:30.421549+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'ecgview','0005_judgements_of_reasons','2026-11-28 20:04:30.421856+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'ecgview','0006_edges_of_waves','2026-11-28 20:04:30.426738+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'ecgview','0007_who_was_told','2026-11-28 20:04:30.427018+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'ecgview','0008_links_of_every_row','2026-11-28 20:04:30.428046+00:00');
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
, rows_head TEXT NOT NULL DEFAULT '');
INSERT INTO "audit" VALUES(1,'2026-11-28T20:04:30.459Z',0,'Reader A','ecgview 0.1.0','reading_started','a1','','','0000000000000000000000000000000000000000000000000000000000000000','86f3e4cda119d8ac5c6c4cbbd813f9ee6e03cbc2a827f6b2d4b45d14eba7f9d4','5:8b85feb56585b7f04736622a12277bdbfdc1ca2945010b13edc0ae805bc5cb99');
INSERT INTO "audit" VALUES(2,'2026-11-28T20:04:30.461Z',0,'Reader A','ecgview 0.1.0','first_read_committed','a1','version 1: AFIB (probable); blind','1e83c697c5ce14b195bffc10c800e0c127e832d4b8978dcc21a3ba558800c8e9','86f3e4cda119d8ac5c6c4cbbd813f9ee6e03cbc2a827f6b2d4b45d14eba7f9d4','ad8029a7c5b03c91f6f0e0f041c5db39f644bc38075a33881bf7f55e81e83751','9:d2e2092d3fe9bf6ba9ada9b775c2100c9f6ef7e7c8d9b8425d29de8482d63953');
INSERT INTO "audit" VALUES(3,'2026-11-28T20:04:30.475Z',0,'Reader A','ecgview 0.1.0','revealed','a1','','','ad8029a7c5b03c91f6f0e0f041c5db39f644bc38075a33881bf7f55e81e83751','8750e231dbd953fdae6f228163d5a7e6a642624a3684e91fdd5a2e48cfc6b5de','10:449e5ceaf0607e651ea9cfd55f072bfb3b478af0fc38e763122e45e69626a526');
INSERT INTO "audit" VALUES(4,'2026-11-28T20:04:30.482Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','8750e231dbd953fdae6f228163d5a7e6a642624a3684e91fdd5a2e48cfc6b5de','b80e59b2b4c8fea7d346f28a1c6208d436ac7b1071fecc167738ae45d5c09fd3','11:8ca3ba505eb1de96941cc1e863060ff2ad83e1b4eaf4197522f4646c0027eb14');
INSERT INTO "audit" VALUES(5,'2026-11-28T20:04:30.484Z',0,'Reader A','ecgview 0.1.0','signed','a1','version 2: AFIB (probable); blind','35cba2407efa5ad9cfa37263bfb0ffe834f827a1bb6c310005606749677df1ba','b80e59b2b4c8fea7d346f28a1c6208d436ac7b1071fecc167738ae45d5c09fd3','806ddb8945f91dad2b2ff6c933e8c0003f38941595fc8c78828ab28baacbc98f','14:aec22ddb1c9cc8cd66b0ea897b102aea157ba9b31cd2eae26aac04d02b9077ec');
INSERT INTO "audit" VALUES(6,'2026-11-28T20:04:30.494Z',0,'Reader A','ecgview 0.1.0','amendment_opened','a1','typing error','','806ddb8945f91dad2b2ff6c933e8c0003f38941595fc8c78828ab28baacbc98f','097fb23d3acc2f907cd868cf6d6bdda502b3464c1b3cac12253b76e36cdd36eb','15:f0f72ae25d56967569d3a12d4b7ce1fd40da9596439bab9168fd5e80722e2663');
INSERT INTO "audit" VALUES(7,'2026-11-28T20:04:30.496Z',0,'Reader A','ecgview 0.1.0','changed_after_reveal','a1','comment changed','','097fb23d3acc2f907cd868cf6d6bdda502b3464c1b3cac12253b76e36cdd36eb','da20f2d5d17e289ea037f92e4f92e17ab172c3b6ff2024e304f5e37566a9385a','16:ffb75eaf856032cbe5c3c93e150d7c18d809c4eff631f3ed7af968cc58d5daa1');
INSERT INTO "audit" VALUES(8,'2026-11-28T20:04:30.497Z',0,'Reader A','ecgview 0.1.0','amended','a1','version 3: AFIB (probable); blind; reason: typing error','72cf979087e2ba7ae7e44f6d30a5816b4ed704b5a2051ed30caed9fa00d0256c','da20f2d5d17e289ea037f92e4f92e17ab172c3b6ff2024e304f5e37566a9385a','2e3b2959c4c08c8465652af511851ccdd83d11d57299dd790227050fe022f3d9','19:6a1d616a906a2d27bb932a6228fdf6d44ac4a46f4d0a6c18170545ce4605c43c');
INSERT INTO "audit" VALUES(9,'2026-11-28T20:04:30.512Z',0,'Reader A','ecgview 0.1.0','reading_started','b2','','','2e3b2959c4c08c8465652af511851ccdd83d11d57299dd790227050fe022f3d9','0293d2e72953c67702e77479a32b6644fcaaf82267d34c8eb25a7d6c9e4983ac','23:510dafaabbe4ade313c6f92334d679578dc3fa7e90172253289217443fb00098');
INSERT INTO "audit" VALUES(10,'2026-11-28T20:04:30.516Z',0,'Reader B','ecgview 0.1.0','blind_off','c3','','','0293d2e72953c67702e77479a32b6644fcaaf82267d34c8eb25a7d6c9e4983ac','47c8eb6ac121246c3c5128a9d9a519422677f6f8573c65b5f16ea122c28f9909','27:184e26b18570e6ae00594e16d4221b19501886c814e549cc4b0d56f2ecf6ca28');
INSERT INTO "audit" VALUES(11,'2026-11-28T20:04:30.519Z',0,'Reader B','ecgview 0.1.0','reading_started','c3','','','47c8eb6ac121246c3c5128a9d9a519422677f6f8573c65b5f16ea122c28f9909','5a609e34613681c92c5f230f6aa8bf7c4e13f8f846c990b4e4811b0880713b51','28:0bcf3998811b3a300b6637b15377ee9e463eecbe0aebda03440709a2f2109516');
INSERT INTO "audit" VALUES(12,'2026-11-28T20:04:30.520Z',0,'Reader B','ecgview 0.1.0','first_read_committed','c3','version 1: SR (definite); not blind','41d23f9db0d9763d932f5e592939ad737c8ef7d560e53c035346df5b40e75677','5a609e34613681c92c5f230f6aa8bf7c4e13f8f846c990b4e4811b0880713b51','6f2ab4ca7e888558bbccbb9277e3aedf3fc4df9a900cef408ba01bee6a8e7477','30:8c29dc8187afc900a932400c41e34e449bc5531483da6c72231a2ee6b0838ee6');
INSERT INTO "audit" VALUES(13,'2026-11-28T20:04:30.530Z',0,'Reader B','ecgview 0.1.0','signed','c3','version 2: SR (definite); not blind','5b412ba21a2d347eadbf5a675a0b731c50631a854fdb26368f2e4a58a1e0fb9b','6f2ab4ca7e888558bbccbb9277e3aedf3fc4df9a900cef408ba01bee6a8e7477','4941ea0b08fcc9624e50986fdd2643da44b1e5d8a10006ed529c2a3c553cd7ab','32:ad90ebb7908b6df04c272c2ce6e333c80940693319d897bf667258ee0db8a05f');
INSERT INTO "audit" VALUES(14,'2026-11-28T20:04:30.550Z',0,'','ecgview 0.1.0','exposed','b2','classify: zebra','6f86abf335f48acc8ac5aa6c8d3375c58062c8a0acfc82e70f52147765facd68','4941ea0b08fcc9624e50986fdd2643da44b1e5d8a10006ed529c2a3c553cd7ab','103a1ac6c67ed979646a438aa1ede8978a637e7c8ebbdbc68b04ce0713c03f33','33:2b5d90d8cce9c245ec03a148a8da16e408c609d7ef3481f40b84003f94770e22');
INSERT INTO "audit" VALUES(15,'2026-11-28T20:04:30.568Z',0,'Reader B','ecgview 0.1.0','reading_started','e5','','','103a1ac6c67ed979646a438aa1ede8978a637e7c8ebbdbc68b04ce0713c03f33','8c95fb03d217d33358d6e7c78937447deca107550d6f54b4441739f91f889004','37:c22345926cabb184b70907dbc6d6cc68ae8fbb9ed4f277144a117e07981e089c');
INSERT INTO "audit" VALUES(16,'2026-11-28T20:04:30.568Z',0,'Reader B','ecgview 0.1.0','measurement_edited','e5','T offset of the median beat at 0.412 s from the QRS peak','','8c95fb03d217d33358d6e7c78937447deca107550d6f54b4441739f91f889004','b882c2c787455df03ad4ba453f6cc5e453af49aa44471be0a3f17de1e0841443','37:c22345926cabb184b70907dbc6d6cc68ae8fbb9ed4f277144a117e07981e089c');
INSERT INTO "audit" VALUES(17,'2026-11-28T20:04:30.568Z',0,'Reader B','ecgview 0.1.0','critical_finding_told','e5','Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','','b882c2c787455df03ad4ba453f6cc5e453af49aa44471be0a3f17de1e0841443','3f77c30089c8b3146b14c7ab8c210db3f66700d108f56e9b9ac4e64ba4bd4101','38:838e77256b0412d449121a177558fc8bf77196b3e1c35c1951273a64186cfc60');
INSERT INTO "audit" VALUES(18,'2026-11-28T20:04:30.579Z',0,'Reader B','ecgview 0.1.0','first_read_committed','e5','version 1: SR (definite); blind; T offset of the median beat at 0.412 s from the QRS peak; Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','fcdb5f9dab3807fa00070eb53afa7086f40cddee0bc3d93f88842bccd8320449','3f77c30089c8b3146b14c7ab8c210db3f66700d108f56e9b9ac4e64ba4bd4101','343912bd89ec9a50596ac9db061c8a31064253554391981c256f4073ec6a3cba','43:6c282ac536a76466470bd3fd54a9b26e03ea202b795696f6079330fd16044c54');
INSERT INTO "audit" VALUES(19,'2026-11-28T20:04:30.595Z',0,'Reader B','ecgview 0.1.0','revealed','e5','','','343912bd89ec9a50596ac9db061c8a31064253554391981c256f4073ec6a3cba','79f45f0b5dc098b469f7fe318a40c760ef2051a1a9594d64a3a8a8ccd97db8d1','44:355514dcaa6b1ef3c71cb430732b5ff36277450388bd5cb7e2077b340c56ce28');
INSERT INTO "audit" VALUES(20,'2026-11-28T20:04:30.611Z',0,'Reader B','ecgview 0.1.0','judged','e5','disagree on V1, 0.50 to 1.00 s: map of SR by m 1.0','589e6de65e7ff530199e152e02834d53ebbcdb4a5b1611addec2face09e93825','79f45f0b5dc098b469f7fe318a40c760ef2051a1a9594d64a3a8a8ccd97db8d1','a462127dd837f214fd0dc1c4924fa211860375d798f8368b4b841ee4a91a4c29','45:e5d55c6315b8b75f9abd1080a30bd71ab25b2b81f883d48065e07fc0b1ddf922');
INSERT INTO "audit" VALUES(21,'2026-11-28T20:04:30.618Z',0,'Reader B','ecgview 0.1.0','signed','e5','version 2: SR (definite); blind; T offset of the median beat at 0.412 s from the QRS peak; Dr Li (ward 3) told of ST elevation on 2026-01-02 03:04 UTC','f9dc25bb3be016c8f34de82e5472529962e47ffe5ac9552d0af001101bc4329e','a462127dd837f214fd0dc1c4924fa211860375d798f8368b4b841ee4a91a4c29','3e5b3c8d4fe74167f159d82aff61713815b0dd696c1d65111c2c57e8485e1246','49:28471dd5a8f7d3b4a3f756cb229348cced46fa2d5b3701b5ce352014996bc227');
INSERT INTO "audit" VALUES(22,'2026-11-28T20:04:30.636Z',0,'','ecgview 0.1.0','ran','','score of 2 records: a table','0782c424640b6560c78a17bc400206767c3f0125302c5738202a19c7b01429e5','3e5b3c8d4fe74167f159d82aff61713815b0dd696c1d65111c2c57e8485e1246','200adcfc495a13b037cd911648b66f5a664b1a799f1298349a7182161ecaada5','52:558b7fb26e2efae8ba8b88d78f156e2f40886d3510880bfc371b83f98dbef9c7');
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
INSERT INTO "drafts" VALUES(1,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [], "comment": "", "edges": [], "told": []}','2026-11-28T20:04:30.459Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(2,'a1','Reader A',0,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "", "edges": [], "told": []}','2026-11-28T20:04:30.460Z',0,'ecgview 0.1.0',1);
INSERT INTO "drafts" VALUES(3,'a1','Reader A',1,'','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波", "edges": [], "told": []}','2026-11-28T20:04:30.482Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(4,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波", "edges": [], "told": []}','2026-11-28T20:04:30.494Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(5,'a1','Reader A',2,'typing error','{"statements": [{"code": "AFIB", "certainty": "probable", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [{"leads": ["II"], "start_s": 1.0, "end_s": 1.25, "code": "PVC", "text": "早搏", "label_set": "ptbxl71", "version": "1.0"}], "comment": "无P波。", "edges": [], "told": []}','2026-11-28T20:04:30.496Z',0,'ecgview 0.1.0',4);
INSERT INTO "drafts" VALUES(6,'b2','Reader A',0,'','{"statements": [], "annotations": [], "comment": "half way", "edges": [], "told": []}','2026-11-28T20:04:30.512Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(7,'c3','Reader B',0,'','{"statements": [{"code": "SR", "certainty": "definite", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [], "comment": "", "edges": [], "told": []}','2026-11-28T20:04:30.519Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(8,'e5','Reader B',0,'','{"statements": [], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": []}','2026-11-28T20:04:30.568Z',0,'ecgview 0.1.0',0);
INSERT INTO "drafts" VALUES(9,'e5','Reader B',0,'','{"statements": [], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": [{"code": "STE", "name": "ST elevation", "person": "Dr Li (ward 3)", "at": "2026-01-02T03:04:05Z", "by": "Reader B"}]}','2026-11-28T20:04:30.568Z',0,'ecgview 0.1.0',8);
INSERT INTO "drafts" VALUES(10,'e5','Reader B',0,'','{"statements": [{"code": "SR", "certainty": "definite", "label_set": "ptbxl71", "version": "1.0", "modifiers": []}], "annotations": [], "comment": "", "edges": [{"edge": "T offset", "to_s": 0.412, "beat": null, "by": "Reader B", "at": "2026-01-02T03:04:05Z"}], "told": [{"code": "STE", "name": "ST elevation", "person": "Dr Li (ward 3)", "at": "2026-01-02T03:04:05Z", "by": "Reader B"}]}','2026-11-28T20:04:30.569Z',0,'ecgview 0.1.0',9);
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
INSERT INTO "exposures" VALUES(1,'b2','classify','zebra','','2026-11-28T20:04:30.550Z',0,'ecgview 0.1.0');
CREATE TABLE identity (
    store TEXT PRIMARY KEY,
    from_schema INTEGER NOT NULL,
    n_entries INTEGER NOT NULL,
    utc TEXT NOT NULL
);
INSERT INTO "identity" VALUES('7c6389a523e447d288bc6066e7c4cfe2',0,0,'2026-11-28T20:04:30.428Z');
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
INSERT INTO "judgements" VALUES(1,'e5','Reader B',1,0,'disagree','["V1"]',0.5,1.0,'map','SR','m','1.0','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','integrated gradients','','true','','',1,'2026-11-28T20:04:30.611Z',0,'ecgview 0.1.0');
CREATE TABLE links (
    number INTEGER PRIMARY KEY,
    of TEXT NOT NULL,
    digest BLOB NOT NULL,
    hash BLOB NOT NULL
);
INSERT INTO "links" VALUES(1,'identity',X'A3E18A94044631F254A6D7A006D2F64FECAFB7827252AD76338E99E1D61D3C68',X'567F281BBBC5302A4556CA602D10607D01BCF7DB1A7F13B9A65A107F3D0D884C');
INSERT INTO "links" VALUES(2,'records',X'BE792D595FB7E58AF5F8E66E442101F6A86651EF6508E5BE23CA2E760396F133',X'05F6E5466A3E9451E4623F9064D0CE8498BF340C6E3A6C35AEFCBBA82A78D506');
INSERT INTO "links" VALUES(3,'record_paths',X'D73E2AA436CB3E62A51C38BD025E993E6CEBCC2101784040CB80A1A3D2388CDD',X'D00ECE82FAA53E0CCA59780FE502859FCC0FEBC96CC21D16E67FBE99325FB343');
INSERT INTO "links" VALUES(4,'record_files',X'6329ED8B5539C90236450DC85F1B96EF0ECD95F157A2EB20B9EAAFA1DB10E84F',X'5645283420C41D836757738B050698013AB5AF68EB3A4BEB3C34CACB0D6127A1');
INSERT INTO "links" VALUES(5,'drafts',X'9486B1E14BF033E44D7D6FACED25F4BACEB5B7E2DDA8157FD412360E832F1763',X'8B85FEB56585B7F04736622A12277BDBFDC1CA2945010B13EDC0AE805BC5CB99');
INSERT INTO "links" VALUES(6,'drafts',X'719A6E0E7655EA524F771F9332E5D0252DB972B057023B9BE46622083C26528F',X'960A72A62E6ACE72E9F7FCBE51E7035F6609C36DB51C3B73BB7429C28B6C44BF');
INSERT INTO "links" VALUES(7,'reads',X'CA07FA1880C20278207EAC09953DA8AB6B423C7DD61D18694329C6E36F4CC460',X'B15153B56F759902559154D2D49570A97DFA847055BF7A743E9E2EA55FFB8420');
INSERT INTO "links" VALUES(8,'read_statements',X'B0893F8771EA5239B1E91A155C4A281BABAC791361E8FE57A140D17EE7AE94E1',X'771D4D79F194C2FD733FF5D285EE2A49DE0B5974AD125F4749161BCD4081160B');
INSERT INTO "links" VALUES(9,'annotations',X'DE4B1FDACC6767BDED46921966A5B35E01E3F03BA50F25B72B8A0CBF2BE93C7A',X'D2E2092D3FE9BF6BA9ADA9B775C2100C9F6EF7E7C8D9B8425D29DE8482D63953');
INSERT INTO "links" VALUES(10,'reveals',X'327975E59F723DC2F228FBE98351C880BA8737479B55B035326AC75C967407F6',X'449E5CEAF0607E651EA9CFD55F072BFB3B478AF0FC38E763122E45E69626A526');
INSERT INTO "links" VALUES(11,'drafts',X'D291A96FFEC42EA96EAF67B6345D41D3477C7EB7EE80A7DD9BA213F0676D4BCF',X'8CA3BA505EB1DE96941CC1E863060FF2AD83E1B4EAF4197522F4646C0027EB14');
INSERT INTO "links" VALUES(12,'reads',X'613B17A8C64EEADABFCAA6A37001313592E031BED8888F516E202904C3832649',X'5C99EAD023B5271FCFF3CF03AF5FF8D4372F33F478FE865634C99EDCD55A46BF');
INSERT INTO "links" VALUES(13,'read_statements',X'643B92118377F934FD686D468AAA68DA843445AD5C5E2A9B662C4DD77D1EFBC2',X'CD65481AA259AF9F79DAE5355E1F617CB08D0D3183A071A2A83DFC55C63AF594');
INSERT INTO "links" VALUES(14,'annotations',X'258F07C7AE346C12B78E127147B5FA52CE234D9D5BC64A84AFBE7E280CF569E0',X'AEC22DDB1C9CC8CD66B0EA897B102AEA157BA9B31CD2EAE26AAC04D02B9077EC');
INSERT INTO "links" VALUES(15,'drafts',X'A8F6C9FC90F77CA9B8E7366579F16D3F7BF77E6851B0776DC756C19C7ECBCF52',X'F0F72AE25D56967569D3A12D4B7CE1FD40DA9596439BAB9168FD5E80722E2663');
INSERT INTO "links" VALUES(16,'drafts',X'4EC086273857505D4B4311DFD38CE0055E0381C9B7ED35472E08168A634057D6',X'FFB75EAF856032CBE5C3C93E150D7C18D809C4EFF631F3ED7AF968CC58D5DAA1');
INSERT INTO "links" VALUES(17,'reads',X'78D343A9B1E575C9030598E9F65E288309477DAAF464306EBD26D3E738EBED5F',X'6CC5B168128471D371EF816E55786BC1B4AB6C3091A9925D76151D9F7E4874B7');
INSERT INTO "links" VALUES(18,'read_statements',X'3088B213F407B1C5A98B9F74F1A0646074784BB582F0CC60FF26C5F0C7258C3F',X'34FBA4C4E04E8884238EB31F3ACBE0B4D68B41783822ADA9C099F03A47AB590F');
INSERT INTO "links" VALUES(19,'annotations',X'66E425E055CBCF888433A268C24A058BA6B4C01BBAA4B79661A5CFFEF20F7FE8',X'6A1D616A906A2D27BB932A6228FDF6D44AC4A46F4D0A6C18170545CE4605C43C');
INSERT INTO "links" VALUES(20,'records',X'75F321B516DAE9A42212314E26EFC9A87F4CD40C73F569DEF0ADFA3926815F23',X'1702DB598350439AEE7B1248E42E76DC5ABD24B571085EB8727CEDAFDED61013');
INSERT INTO "links" VALUES(21,'record_paths',X'7D7CFC92889BDF094D2F4F62776CA7B50F674E1DE1D015F446C6027FF80C6A2F',X'C87D71FF8EE0280FC5F18ABAD5F906E5A2A3A8EE56AC6B0B4158C7710BC48437');
INSERT INTO "links" VALUES(22,'record_files',X'2F3F9F029C7CC409828E276AE83046A94D8DCC1B89938C30DA210DA3C878375E',X'0F8730F015B6EC11C857CEA69981761E47FEF3855AF29841F7ECCF48B0AAF4F5');
INSERT INTO "links" VALUES(23,'drafts',X'33164AC3758D180DB61CF0FE529BC9C4789F3BB2D2BBEDCA53C94C0808728787',X'510DAFAABBE4ADE313C6F92334D679578DC3FA7E90172253289217443FB00098');
INSERT INTO "links" VALUES(24,'records',X'63AE394824076AABE433DFE4DE96F982FE676A8B95E03FFBE7C93AEA2F04F0A7',X'19C14FE9B1B94924ABA72A7772620657DFFE8C9D8047925E1A4415C68003D71D');
INSERT INTO "links" VALUES(25,'record_paths',X'8DC055EB5C2F17E3591B0C133B8356E065ACED26AC6230AD3A6EECBF7F95EF33',X'29777602BCC12CB29DD34DDDF253B0DFF17FFED4DD49FCA8BC76C8057F6339AD');
INSERT INTO "links" VALUES(26,'record_files',X'6289C5E4CAF1C40C429996AA6A85478BBBB5444C6E20DCCE57F806CE5828EE97',X'DC7C07A9095CA81B879A49C4D80C3C57200DA0406AF080C3F199BF9E8CCE5DF9');
INSERT INTO "links" VALUES(27,'reveals',X'20D823AAC5CE0207CEF4A4AF81B077F2F36E8A326955C85B3494CCF626018AD3',X'184E26B18570E6AE00594E16D4221B19501886C814E549CC4B0D56F2ECF6CA28');
INSERT INTO "links" VALUES(28,'drafts',X'EFA080C438B27CD2E05249EFDDBE6D867AAA631B07356B24DE7BC7FC1951EFD9',X'0BCF3998811B3A300B6637B15377EE9E463EECBE0AEBDA03440709A2F2109516');
INSERT INTO "links" VALUES(29,'reads',X'819E8332327BB81FBF7AC1E037BBD252DE8DE4D15E0A14B6A08837B10747742C',X'BEB4FE23553B888961A8A0D93FECA6C00AD6EFE0F722F63A950A3B57C1D6D704');
INSERT INTO "links" VALUES(30,'read_statements',X'1D282ABF0ECB098B7F7E6C6D757EB6AB52ECA33A7F4FEEA302F940E0161DAD4C',X'8C29DC8187AFC900A932400C41E34E449BC5531483DA6C72231A2EE6B0838EE6');
INSERT INTO "links" VALUES(31,'reads',X'039D29104BA704575EB8A1BAFD7138497F25780F6310B82049940888713D3F48',X'63E2DB24C846F4E195DD455695C1DBF838C39486636E8624E42EAE5DDBFC8AB3');
INSERT INTO "links" VALUES(32,'read_statements',X'4315D292D3F474CE3E6E48E2C3997C7BDC0E5D7B8933469C507C020FAF255025',X'AD90EBB7908B6DF04C272C2CE6E333C80940693319D897BF667258EE0DB8A05F');
INSERT INTO "links" VALUES(33,'exposures',X'42B6684FA14E7A1F0FEFD3370EC95F1F1F075F93C61C3C93C611F1940BA7FC18',X'2B5D90D8CCE9C245EC03A148A8DA16E408C609D7EF3481F40B84003F94770E22');
INSERT INTO "links" VALUES(34,'records',X'7F573E2418753400A23CABAA46DB9BE45DCAB0FD66B833F640FDBCE4FE37C561',X'784F93733CBF34D3FBFB7EB715E1B06C58083C3B735C35CAE0618CF9EEF56F10');
INSERT INTO "links" VALUES(35,'record_paths',X'4BE4EA1BDA586AE196FBAE4B37E1060DE61AE32F5E580738A58065904BC88619',X'39C57400A384AC56DBF7C91DC6964DA50E6428F3D972171AC98ED78DE7B619A3');
INSERT INTO "links" VALUES(36,'record_files',X'5D6F6BF26C5C499BF67D6226ACDB02EC57A6AC36C2C483409402F913E1505C87',X'1F548CF7AFD9E654F3C0D3304A31F3740BCF47F257C63F8DB25D11F8F6305616');
INSERT INTO "links" VALUES(37,'drafts',X'2C82982D012F6A696B7CA31ECBC1B68EA82A3367C2A6138576398C79818804C5',X'C22345926CABB184B70907DBC6D6CC68AE8FBB9ED4F277144A117E07981E089C');
INSERT INTO "links" VALUES(38,'drafts',X'8602E9712687449C108DCD06930D5D508B998DF683FF835EC897314A7B9E14A8',X'838E77256B0412D449121A177558FC8BF77196B3E1C35C1951273A64186CFC60');
INSERT INTO "links" VALUES(39,'drafts',X'690EADA75F511427F5292A898679045B83E5A89A31FB352C7EBF9A94850736F4',X'05022E7FD11B21B5FE6999161735464434B630A65432C315615E74A979A78433');
INSERT INTO "links" VALUES(40,'reads',X'A9562DF5BAEC9C2FFFC6FAB50B98763B9FDE123DB5C0E80E4CDD5BD55D76C6E4',X'728FEDBEC05AFD2D01948BE332F17826D25DCD7BDAE77972ECE19721E778A386');
INSERT INTO "links" VALUES(41,'read_statements',X'FFE3C585791DACF7DFD5A0D30C3B4E61AB3E9440B1ACFF89BB9C3FF591FEA946',X'E8F2FC8F95838CE7647334ECF64CD39EE74EC8F78BBB0BFF77C6A2AD71D3AEF2');
INSERT INTO "links" VALUES(42,'read_edges',X'68A6BE60C1477BCD1474CDD2FA330AA59BC27EECFFFB87E6CC3712247EA518DB',X'5CB5854A8A4D6D65E43E0619CE66E3F8C19BD72508A5DA6FDC3A070FB207DE4A');
INSERT INTO "links" VALUES(43,'read_told',X'418755D3309DC342727A457E90125D3F362D74281026923FA7D6A7E669E4FA4E',X'6C282AC536A76466470BD3FD54A9B26E03EA202B795696F6079330FD16044C54');
INSERT INTO "links" VALUES(44,'reveals',X'A1EF4B6AAA1040BA67E115F6CA2E670BD031942CBC02EFB8704AC5F12CAE2CEC',X'355514DCAA6B1EF3C71CB430732B5FF36277450388BD5CB7E2077B340C56CE28');
INSERT INTO "links" VALUES(45,'judgements',X'192233AA45EB910EA7F536A40572E21E7F394C0EBAF579FAD1E0A7FC6BEE272B',X'E5D55C6315B8B75F9ABD1080A30BD71AB25B2B81F883D48065E07FC0B1DDF922');
INSERT INTO "links" VALUES(46,'reads',X'CC4B3B481CADC0127A3CFBAAF377F96109753B09F701CF2FB05933E5F601AA05',X'F15933F653095938714DC0A67A1E554A4F2BD7D2C638A8F234116D76EA395082');
INSERT INTO "links" VALUES(47,'read_statements',X'3F34A58CD5BED8053809500723D09877AD2AD984EDDFDDF23D8BEC31FB8C599D',X'DC81117403C6E7620B9126B8738283ECB3C01E83A4CE88A437610579FC86F13C');
INSERT INTO "links" VALUES(48,'read_edges',X'D9D1CF469ED25C1E4C4968F5BA181A5D23F83B0859947939A0B5E622CDCCC22B',X'F0165B404CBA245F7A67363A484E2604BF044FD233CF896BBE164B5DFE8FC474');
INSERT INTO "links" VALUES(49,'read_told',X'017B5DD890822467D861C469A328DAC3F0CC851446E8261453F5E3AEBD3B9CCA',X'28471DD5A8F7D3B4A3F756CB229348CCED46FA2D5B3701B5CE352014996BC227');
INSERT INTO "links" VALUES(50,'results',X'37AD0AB2714E075E671D19C4CE77CB5E284C5D9F525A45941E42F6C866181CC6',X'97BDB9CF6A61ACA62E21A8DE7D868DD05C9DC09E53FDF85AFFCC63255F8D1AE0');
INSERT INTO "links" VALUES(51,'results',X'5F1BCD394DEB3F967790217F9349E42F42BCEF29F3E7203ADD549A5C98EB2DE0',X'D0F0625C43B1173EAD9FE14535AC6823E6D03FC6CFFC2166D96409986EE3D0AF');
INSERT INTO "links" VALUES(52,'runs',X'1CFA9A250C3C83CC4DD60E2609E3090E95523606213AD53C26E521BA38D8EA1F',X'558B7FB26E2EFAE8BA8B88D78F156E2F40886D3510880BFC371B83F98DBEF9C7');
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
INSERT INTO "read_edges" VALUES(6,0,'T offset',NULL,0.412,'Reader B','2026-01-02T03:04:05Z');
INSERT INTO "read_edges" VALUES(7,0,'T offset',NULL,0.412,'Reader B','2026-01-02T03:04:05Z');
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
INSERT INTO "read_statements" VALUES(6,0,'SR','definite','ptbxl71','1.0','[]');
INSERT INTO "read_statements" VALUES(7,0,'SR','definite','ptbxl71','1.0','[]');
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
INSERT INTO "read_told" VALUES(6,0,'STE','ST elevation','Dr Li (ward 3)','2026-01-02T03:04:05Z','Reader B');
INSERT INTO "read_told" VALUES(7,0,'STE','ST elevation','Dr Li (ward 3)','2026-01-02T03:04:05Z','Reader B');
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
    changes TEXT NOT NULL, exposed TEXT NOT NULL DEFAULT '', signed_with TEXT NOT NULL DEFAULT '',
    UNIQUE (record_sha256, reader, number)
);
INSERT INTO "reads" VALUES(1,'a1','Reader A',1,'first','','2026-11-28T20:04:30.461Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(2,'a1','Reader A',2,'signed','无P波','2026-11-28T20:04:30.484Z',0,'ecgview 0.1.0',1,'2026-11-28T20:04:30.475Z',0,'','["comment changed"]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(3,'a1','Reader A',3,'amendment','无P波。','2026-11-28T20:04:30.497Z',0,'ecgview 0.1.0',1,'2026-11-28T20:04:30.475Z',0,'typing error','["comment changed"]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(4,'c3','Reader B',1,'first','','2026-11-28T20:04:30.520Z',0,'ecgview 0.1.0',0,'2026-11-28T20:04:30.516Z',0,'','[]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(5,'c3','Reader B',2,'signed','','2026-11-28T20:04:30.530Z',0,'ecgview 0.1.0',0,'2026-11-28T20:04:30.516Z',0,'','[]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(6,'e5','Reader B',1,'first','','2026-11-28T20:04:30.579Z',0,'ecgview 0.1.0',1,NULL,NULL,'','[]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
INSERT INTO "reads" VALUES(7,'e5','Reader B',2,'signed','','2026-11-28T20:04:30.618Z',0,'ecgview 0.1.0',1,'2026-11-28T20:04:30.595Z',0,'','[]','','{"shown": [], "sha256": "984dcf904a2c5eda0a304e388c21ea0555b6633852ca0a2f4da06c4f3ad3477f"}');
CREATE TABLE record_files (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    seen_utc TEXT NOT NULL
);
INSERT INTO "record_files" VALUES(1,'a1','/ecgs/first.hea','/ecgs/first.hea 1 2 3','2026-11-28T20:04:30.455Z');
INSERT INTO "record_files" VALUES(2,'b2','/ecgs/second.hea','/ecgs/second.hea 1 2 3','2026-11-28T20:04:30.511Z');
INSERT INTO "record_files" VALUES(3,'c3','/ecgs/third.hea','/ecgs/third.hea 1 2 3','2026-11-28T20:04:30.513Z');
INSERT INTO "record_files" VALUES(4,'e5','/ecgs/fifth.hea','/ecgs/fifth.hea 1 2 3','2026-11-28T20:04:30.567Z');
CREATE TABLE record_paths (
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    first_seen_utc TEXT NOT NULL,
    PRIMARY KEY (record_sha256, path)
);
INSERT INTO "record_paths" VALUES('a1','/ecgs/first.hea','2026-11-28T20:04:30.455Z');
INSERT INTO "record_paths" VALUES('b2','/ecgs/second.hea','2026-11-28T20:04:30.511Z');
INSERT INTO "record_paths" VALUES('c3','/ecgs/third.hea','2026-11-28T20:04:30.513Z');
INSERT INTO "record_paths" VALUES('e5','/ecgs/fifth.hea','2026-11-28T20:04:30.567Z');
CREATE TABLE records (
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    n_leads INTEGER NOT NULL,
    fs_hz REAL NOT NULL,
    duration_s REAL NOT NULL,
    synthetic INTEGER NOT NULL,
    first_seen_utc TEXT NOT NULL
);
INSERT INTO "records" VALUES('a1','wfdb',12,500.0,10.0,0,'2026-11-28T20:04:30.455Z');
INSERT INTO "records" VALUES('b2','wfdb',12,500.0,10.0,0,'2026-11-28T20:04:30.511Z');
INSERT INTO "records" VALUES('c3','wfdb',12,500.0,10.0,0,'2026-11-28T20:04:30.513Z');
INSERT INTO "records" VALUES('e5','wfdb',12,500.0,10.0,0,'2026-11-28T20:04:30.567Z');
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('prediction', 'lef')),
    content TEXT NOT NULL,
    stored_utc TEXT NOT NULL
, question TEXT NOT NULL DEFAULT '');
INSERT INTO "results" VALUES(1,'a1','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','prediction','{"model": {"model_id": "m", "name": "Model", "version": "1.0", "sha256": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "training_data": "PTB-XL", "calibrated": "not calibrated", "caveat": "", "origin": ""}, "record_sha256": "a1", "device": "cpu", "duration_ms": 12.5, "scores": [{"code": "AFIB", "label": "心房颤动", "probability": 0.75, "threshold": null, "not_assessable": "", "percentile": null, "weak_threshold": null}], "warnings": ["one"], "label_set": "", "reference": "", "precision": "fp32", "reason": "", "feature_distance_percentile": null}','2026-11-28T20:04:30.634Z','');
INSERT INTO "results" VALUES(2,'a1','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','lef','{"model": {"model_id": "m", "name": "Model", "version": "1.0", "sha256": "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "training_data": "PTB-XL", "calibrated": "not calibrated", "caveat": "", "origin": ""}, "record_sha256": "a1", "kind": "index", "model_output": 0.5, "value": 0.62, "threshold": 0.5, "result": "raised index", "reason": "", "contributions": {"base_value": 0.1, "items": [{"predictor": "1-P(NORM)", "value": 0.9, "contribution": 0.4}], "model_output": 0.5, "output_unit": "logit", "method": "linear"}, "single_predictors": [["P(ILBBB)", 0.2]], "percentile": null, "reference": "", "cut": "", "warnings": [], "precision": "fp32", "feature_distance_percentile": null, "measured": [], "unedited": null}','2026-11-28T20:04:30.635Z','');
CREATE TABLE reveals (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('revealed', 'blind_off')),
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL
);
INSERT INTO "reveals" VALUES(1,'a1','Reader A','revealed','2026-11-28T20:04:30.475Z',0);
INSERT INTO "reveals" VALUES(2,'c3','Reader B','blind_off','2026-11-28T20:04:30.516Z',0);
INSERT INTO "reveals" VALUES(3,'e5','Reader B','revealed','2026-11-28T20:04:30.595Z',0);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    records BLOB NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
INSERT INTO "runs" VALUES(1,'score','a table',X'4814D92093AC8A0F4A2163AB87DEE509BA306A58F5888BE0EDCB2FCD0712028BF55FF16F66F43360266B95DB6F8FEC01D76031054306AE4A4B380598F6CFD114','2026-11-28T20:04:30.636Z',0,'ecgview 0.1.0');
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
CREATE INDEX record_files_by_path ON record_files(path, id);
CREATE TRIGGER links_is_never_updated BEFORE UPDATE ON links
BEGIN SELECT RAISE(ABORT, 'links is append-only'); END;
CREATE TRIGGER links_is_never_deleted BEFORE DELETE ON links
BEGIN SELECT RAISE(ABORT, 'links is append-only'); END;
CREATE TRIGGER identity_is_never_updated BEFORE UPDATE ON identity
BEGIN SELECT RAISE(ABORT, 'identity is append-only'); END;
CREATE TRIGGER identity_is_never_deleted BEFORE DELETE ON identity
BEGIN SELECT RAISE(ABORT, 'identity is append-only'); END;
CREATE TRIGGER record_files_is_never_updated BEFORE UPDATE ON record_files
BEGIN SELECT RAISE(ABORT, 'record_files is append-only'); END;
CREATE TRIGGER record_files_is_never_deleted BEFORE DELETE ON record_files
BEGIN SELECT RAISE(ABORT, 'record_files is append-only'); END;
CREATE TRIGGER runs_is_never_updated BEFORE UPDATE ON runs
BEGIN SELECT RAISE(ABORT, 'runs is append-only'); END;
CREATE TRIGGER runs_is_never_deleted BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'runs is append-only'); END;
COMMIT;
