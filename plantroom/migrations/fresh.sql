CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
-- next
CREATE TABLE counters (
	name TEXT NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
)
-- next
CREATE TABLE sites (
	code TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	time_zone TEXT NOT NULL, max_shelving_h FLOAT, calendar TEXT DEFAULT '{}' NOT NULL, options JSON, 
	CONSTRAINT pk_sites PRIMARY KEY (code)
)
-- next
CREATE TABLE locations (
	"key" TEXT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	parent TEXT, version INTEGER DEFAULT '1' NOT NULL, 
	CONSTRAINT pk_locations PRIMARY KEY ("key"), 
	CONSTRAINT fk_locations_parent_locations FOREIGN KEY(parent) REFERENCES locations ("key"), 
	CONSTRAINT fk_locations_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_locations_site ON locations (site)
-- next
CREATE TABLE assets (
	"key" TEXT NOT NULL, 
	site TEXT NOT NULL, 
	code TEXT NOT NULL, 
	equipment_class TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	status TEXT NOT NULL, 
	criticality TEXT NOT NULL, 
	location TEXT, 
	department TEXT, 
	manufacturer TEXT NOT NULL, 
	model TEXT NOT NULL, 
	serial TEXT NOT NULL, 
	installed_on DATE, 
	in_service_on DATE, 
	version INTEGER NOT NULL, 
	custom JSON NOT NULL, parent TEXT CONSTRAINT fk_assets_parent_assets REFERENCES assets (key), duty_partner TEXT CONSTRAINT fk_assets_duty_partner_assets REFERENCES assets (key), duty_role TEXT, design_life_years FLOAT, purchase_cost FLOAT, replacement_cost FLOAT, warranty_until DATE, licences TEXT DEFAULT '[]' NOT NULL, maker_limits TEXT DEFAULT '[]' NOT NULL, documents TEXT DEFAULT '[]' NOT NULL, licence_due DATE, search TEXT DEFAULT '' NOT NULL, changed BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_assets PRIMARY KEY ("key"), 
	CONSTRAINT fk_assets_location_locations FOREIGN KEY(location) REFERENCES locations ("key"), 
	CONSTRAINT fk_assets_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_assets_site_code UNIQUE (site, code)
)
-- next
CREATE INDEX ix_assets_code_site ON assets (code, site)
-- next
CREATE INDEX ix_assets_equipment_class_site_code ON assets (equipment_class, site, code)
-- next
CREATE INDEX ix_assets_location ON assets (location)
-- next
CREATE INDEX ix_assets_status_site_code ON assets (status, site, code)
-- next
CREATE TABLE asset_codes (
	site TEXT NOT NULL, 
	code TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	CONSTRAINT pk_asset_codes PRIMARY KEY (site, code), 
	CONSTRAINT fk_asset_codes_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key"), 
	CONSTRAINT fk_asset_codes_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_asset_codes_asset ON asset_codes (asset)
-- next
CREATE TABLE learn_windows (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	asset TEXT NOT NULL, 
	start_at BIGINT NOT NULL, 
	end_at BIGINT NOT NULL, 
	declared_by TEXT NOT NULL, 
	CONSTRAINT fk_learn_windows_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_learn_windows_asset ON learn_windows (asset)
-- next
CREATE TABLE points (
	asset TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	unit TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	digest TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_points PRIMARY KEY (asset, "key"), 
	CONSTRAINT fk_points_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE TABLE sources (
	asset TEXT NOT NULL, 
	dialect TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	clock TEXT NOT NULL, 
	CONSTRAINT pk_sources PRIMARY KEY (asset), 
	CONSTRAINT fk_sources_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE TABLE asset_events (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	event TEXT NOT NULL, 
	observed_at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	severity TEXT NOT NULL, 
	safety BOOLEAN NOT NULL, 
	data JSON NOT NULL, 
	CONSTRAINT pk_asset_events PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_asset_events_asset_observed_at_id ON asset_events (asset, observed_at, id)
-- next
CREATE TABLE consumer_cursors (
	consumer TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	CONSTRAINT pk_consumer_cursors PRIMARY KEY (consumer)
)
-- next
CREATE TABLE dead_letters (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	topic TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	part TEXT NOT NULL, 
	CONSTRAINT pk_dead_letters PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_dead_letters_reason_received_at_id ON dead_letters (reason, received_at, id)
-- next
CREATE INDEX ix_dead_letters_received_at_id ON dead_letters (received_at, id)
-- next
CREATE INDEX ix_dead_letters_site_received_at_id ON dead_letters (site, received_at, id)
-- next
CREATE TABLE findings (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	finding_id TEXT NOT NULL, 
	raised BOOLEAN NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	failure_mode TEXT NOT NULL, 
	source TEXT NOT NULL, 
	severity TEXT, 
	safety BOOLEAN, 
	observed_at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	subject TEXT NOT NULL, 
	evidence JSON, 
	detail JSON, 
	CONSTRAINT uq_findings_finding_id UNIQUE (finding_id)
)
-- next
CREATE INDEX ix_findings_asset ON findings (asset)
-- next
CREATE TABLE live_log (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	topic TEXT NOT NULL, 
	site TEXT, 
	data JSON NOT NULL
)
-- next
CREATE TABLE asset_health (
	asset TEXT NOT NULL, 
	health TEXT NOT NULL, 
	reason JSON NOT NULL, 
	CONSTRAINT pk_asset_health PRIMARY KEY (asset), 
	CONSTRAINT fk_asset_health_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE TABLE asset_presence (
	asset TEXT NOT NULL, 
	presence TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	last_seen BIGINT, interval_ms BIGINT, greeted_at BIGINT, 
	CONSTRAINT pk_asset_presence PRIMARY KEY (asset), 
	CONSTRAINT fk_asset_presence_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE TABLE api_tokens (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	token_hash TEXT NOT NULL, 
	grants JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	created_by TEXT NOT NULL, 
	CONSTRAINT pk_api_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_api_tokens_token_hash UNIQUE (token_hash)
)
-- next
CREATE TABLE failed_sign_ins (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	username TEXT NOT NULL, 
	address TEXT NOT NULL, 
	at BIGINT NOT NULL
)
-- next
CREATE INDEX ix_failed_sign_ins_address_at ON failed_sign_ins (address, at)
-- next
CREATE INDEX ix_failed_sign_ins_at ON failed_sign_ins (at)
-- next
CREATE INDEX ix_failed_sign_ins_username_at ON failed_sign_ins (username, at)
-- next
CREATE TABLE users (
	id TEXT NOT NULL, 
	username TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	grants JSON NOT NULL, 
	name TEXT NOT NULL, 
	language TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_username UNIQUE (username)
)
-- next
CREATE TABLE sessions (
	token_hash TEXT NOT NULL, 
	user TEXT NOT NULL, 
	csrf_token TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user_users FOREIGN KEY(user) REFERENCES users (id)
)
-- next
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)
-- next
CREATE INDEX ix_sessions_user ON sessions (user)
-- next
CREATE TABLE checklists (
	code TEXT NOT NULL, 
	items TEXT NOT NULL, 
	CONSTRAINT pk_checklists PRIMARY KEY (code)
)
-- next
CREATE TABLE operations (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	op_id TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	device TEXT NOT NULL, 
	user TEXT NOT NULL, 
	type TEXT NOT NULL, 
	work_order TEXT, 
	step TEXT, 
	base_version BIGINT, 
	captured_at BIGINT NOT NULL, 
	value JSON NOT NULL, 
	status TEXT NOT NULL, 
	code TEXT, 
	version BIGINT, done_at BIGINT, 
	CONSTRAINT uq_operations_op_id UNIQUE (op_id)
)
-- next
CREATE INDEX ix_operations_work_order_captured_at_position ON operations (work_order, captured_at, position)
-- next
CREATE TABLE plan_rows (
	lineage TEXT NOT NULL, 
	profile TEXT NOT NULL, 
	code TEXT NOT NULL, 
	site TEXT, 
	version INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	layer TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_plan_rows PRIMARY KEY (lineage), 
	CONSTRAINT fk_plan_rows_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_plan_rows_profile_code UNIQUE (profile, code)
)
-- next
CREATE TABLE plan_row_versions (
	lineage TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	effective_from DATE NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_plan_row_versions PRIMARY KEY (lineage, version), 
	CONSTRAINT fk_plan_row_versions_lineage_plan_rows FOREIGN KEY(lineage) REFERENCES plan_rows (lineage)
)
-- next
CREATE TABLE episodes (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	failure_mode TEXT NOT NULL, 
	source TEXT NOT NULL, 
	state TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	safety BOOLEAN NOT NULL, 
	opened_observed_at BIGINT NOT NULL, 
	opened_at BIGINT NOT NULL, 
	last_observed_at BIGINT NOT NULL, 
	closed_at BIGINT, 
	closed_observed_at BIGINT, 
	work_order TEXT, 
	open_subjects JSON NOT NULL, 
	evidence JSON NOT NULL, 
	tags JSON NOT NULL, 
	detail JSON, 
	findings INTEGER NOT NULL, 
	version INTEGER NOT NULL, acknowledged_at BIGINT, acknowledged_by TEXT, 
	CONSTRAINT pk_episodes PRIMARY KEY (id), 
	CONSTRAINT fk_episodes_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key"), 
	CONSTRAINT fk_episodes_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_episodes_asset_failure_mode_opened_at_id ON episodes (asset, failure_mode, opened_at, id)
-- next
CREATE INDEX ix_episodes_asset_opened_at_id ON episodes (asset, opened_at, id)
-- next
CREATE INDEX ix_episodes_opened_at_id ON episodes (opened_at, id)
-- next
CREATE INDEX ix_episodes_site_opened_at_id ON episodes (site, opened_at, id)
-- next
CREATE INDEX ix_episodes_state_opened_at_id ON episodes (state, opened_at, id)
-- next
CREATE INDEX ix_episodes_work_order ON episodes (work_order)
-- next
CREATE TABLE work_orders (
	id TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	state TEXT NOT NULL, 
	ended BOOLEAN NOT NULL, 
	title_zh TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	safety BOOLEAN NOT NULL, 
	asset TEXT, 
	department TEXT, 
	assignee TEXT, 
	due BIGINT, 
	due_order BIGINT NOT NULL, 
	earliest DATE, 
	opened_at BIGINT, 
	acknowledged_at BIGINT, 
	arrived_at BIGINT, 
	completed_at BIGINT, 
	verified_at BIGINT, 
	hold_reason TEXT, 
	end_reason TEXT, 
	reopened INTEGER NOT NULL, 
	episode TEXT, 
	reason_zh TEXT NOT NULL, 
	reason_en TEXT NOT NULL, 
	first_checks JSON NOT NULL, 
	tags JSON NOT NULL, 
	occurrences JSON NOT NULL, 
	template TEXT NOT NULL, 
	answers JSON NOT NULL, 
	verdict JSON, 
	version INTEGER NOT NULL, gathered JSON, contractor TEXT, hold_code TEXT, next_limit BIGINT, risk_at BIGINT, 
	CONSTRAINT pk_work_orders PRIMARY KEY (id), 
	CONSTRAINT fk_work_orders_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key"), 
	CONSTRAINT fk_work_orders_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_work_orders_number UNIQUE (number)
)
-- next
CREATE INDEX ix_work_orders_asset_due_order_number ON work_orders (asset, due_order, number)
-- next
CREATE INDEX ix_work_orders_due_order_number ON work_orders (due_order, number)
-- next
CREATE INDEX ix_work_orders_ended_due_order_number ON work_orders (ended, due_order, number)
-- next
CREATE INDEX ix_work_orders_site_ended_due_order_number ON work_orders (site, ended, due_order, number)
-- next
CREATE TABLE work_order_transitions (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	work_order TEXT NOT NULL, 
	"to" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, person BOOLEAN DEFAULT 0 NOT NULL, code TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT fk_work_order_transitions_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
-- next
CREATE INDEX ix_work_order_transitions_work_order ON work_order_transitions (work_order)
-- next
CREATE TRIGGER work_order_transitions_refuse_update BEFORE UPDATE ON work_order_transitions BEGIN SELECT RAISE(ABORT, 'work_order_transitions is append-only'); END
-- next
CREATE TRIGGER work_order_transitions_refuse_delete BEFORE DELETE ON work_order_transitions BEGIN SELECT RAISE(ABORT, 'work_order_transitions is append-only'); END
-- next
CREATE TRIGGER operations_refuse_update BEFORE UPDATE ON operations BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END
-- next
CREATE TRIGGER operations_refuse_delete BEFORE DELETE ON operations BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END
-- next
CREATE TABLE sign_in_attempts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	username TEXT NOT NULL, 
	address TEXT NOT NULL, 
	at BIGINT NOT NULL
)
-- next
CREATE INDEX ix_sign_in_attempts_at ON sign_in_attempts (at)
-- next
CREATE TABLE collector_reports (
	collector TEXT NOT NULL, 
	reported_at BIGINT NOT NULL, 
	ready BOOLEAN NOT NULL, 
	problems JSON NOT NULL, 
	stats JSON NOT NULL, 
	by_site JSON NOT NULL, 
	CONSTRAINT pk_collector_reports PRIMARY KEY (collector)
)
-- next
CREATE TABLE dirty_windows (
	asset TEXT NOT NULL, 
	width_ms BIGINT NOT NULL, 
	start_ms BIGINT NOT NULL, 
	site TEXT NOT NULL, 
	token TEXT NOT NULL, 
	CONSTRAINT pk_dirty_windows PRIMARY KEY (asset, width_ms, start_ms)
)
-- next
CREATE INDEX ix_dirty_windows_width_ms_start_ms ON dirty_windows (width_ms, start_ms)
-- next
CREATE TABLE topic_sources (
	"key" TEXT NOT NULL, 
	site TEXT NOT NULL, 
	name TEXT NOT NULL, 
	topic_filter TEXT NOT NULL, 
	dialect TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	clock TEXT NOT NULL, 
	time_zone TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	asset_from INTEGER NOT NULL, 
	fields JSON NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_topic_sources PRIMARY KEY ("key"), 
	CONSTRAINT fk_topic_sources_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_topic_sources_site ON topic_sources (site)
-- next
CREATE TABLE devices (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	client TEXT NOT NULL, 
	username TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by TEXT NOT NULL, 
	assets JSON NOT NULL, 
	topics JSON NOT NULL, 
	revoked_at BIGINT, 
	revoked_by TEXT, 
	CONSTRAINT pk_devices PRIMARY KEY (id), 
	CONSTRAINT fk_devices_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_devices_site ON devices (site)
-- next
CREATE UNIQUE INDEX uq_devices_in_force ON devices (username) WHERE revoked_at IS NULL
-- next
CREATE TABLE gaps (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	code TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	boot TEXT NOT NULL, 
	numbering BIGINT NOT NULL, 
	first BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	missing BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	found_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	asks INTEGER NOT NULL, 
	asked_at BIGINT, 
	ask_at BIGINT, 
	CONSTRAINT pk_gaps PRIMARY KEY (id), 
	CONSTRAINT uq_gaps_numbers UNIQUE (site, asset, channel, boot, numbering, first)
)
-- next
CREATE INDEX ix_gaps_found_at_id ON gaps (found_at, id)
-- next
CREATE INDEX ix_gaps_site_found_at_id ON gaps (site, found_at, id)
-- next
CREATE INDEX ix_gaps_state_ask_at ON gaps (state, ask_at)
-- next
CREATE INDEX ix_episodes_closed_at ON episodes (closed_at)
-- next
CREATE TABLE alarm_shelves (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	failure_mode TEXT NOT NULL, 
	subjects JSON NOT NULL, 
	reason TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	ended_at BIGINT, 
	ended_by TEXT, 
	CONSTRAINT pk_alarm_shelves PRIMARY KEY (id), 
	CONSTRAINT fk_alarm_shelves_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_alarm_shelves_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_alarm_shelves_asset_failure_mode ON alarm_shelves (asset, failure_mode)
-- next
CREATE INDEX ix_alarm_shelves_at_id ON alarm_shelves (at, id)
-- next
CREATE INDEX ix_alarm_shelves_standing ON alarm_shelves (until) WHERE ended_at IS NULL
-- next
CREATE TABLE limit_changes (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	point TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	CONSTRAINT fk_limit_changes_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_limit_changes_asset_point_position ON limit_changes (asset, point, position)
-- next
CREATE TABLE annunciations (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	failure_mode TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	safety BOOLEAN NOT NULL, 
	at BIGINT NOT NULL, 
	observed_at BIGINT NOT NULL
)
-- next
CREATE INDEX ix_annunciations_site_at_position ON annunciations (site, at, position)
-- next
CREATE TABLE alarm_floods (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	first_at BIGINT NOT NULL, 
	began_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	peak INTEGER NOT NULL, 
	gathered INTEGER NOT NULL, 
	work_order TEXT, 
	CONSTRAINT pk_alarm_floods PRIMARY KEY (id), 
	CONSTRAINT fk_alarm_floods_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_alarm_floods_began_at_id ON alarm_floods (began_at, id)
-- next
CREATE UNIQUE INDEX uq_alarm_floods_standing ON alarm_floods (site) WHERE ended_at IS NULL
-- next
CREATE TABLE asset_clocks (
	asset TEXT NOT NULL, 
	offset_ms BIGINT NOT NULL, 
	measured_at BIGINT NOT NULL, 
	wrong_since BIGINT, stands BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_asset_clocks PRIMARY KEY (asset), 
	CONSTRAINT fk_asset_clocks_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE TABLE loop_tests (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	started_by TEXT NOT NULL, 
	started_at BIGINT NOT NULL, 
	deadline BIGINT NOT NULL, 
	window_s FLOAT NOT NULL, 
	finished_by TEXT, 
	finished_at BIGINT, 
	CONSTRAINT pk_loop_tests PRIMARY KEY (id), 
	CONSTRAINT fk_loop_tests_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_loop_tests_state ON loop_tests (state)
-- next
CREATE INDEX ix_loop_tests_site_started_at_id ON loop_tests (site, started_at, id)
-- next
CREATE TABLE loop_checks (
	test TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	asset TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	place_zh TEXT NOT NULL, 
	place_en TEXT NOT NULL, 
	expected JSON NOT NULL, 
	responsible TEXT NOT NULL, 
	result TEXT NOT NULL, 
	steps JSON NOT NULL, 
	asked_at BIGINT, 
	deadline BIGINT, 
	ended_at BIGINT, 
	reason_zh TEXT NOT NULL, 
	reason_en TEXT NOT NULL, 
	"by" TEXT, 
	settled BOOLEAN NOT NULL, 
	CONSTRAINT pk_loop_checks PRIMARY KEY (test, number), 
	CONSTRAINT fk_loop_checks_test_loop_tests FOREIGN KEY(test) REFERENCES loop_tests (id)
)
-- next
CREATE INDEX ix_loop_checks_asset ON loop_checks (asset)
-- next
CREATE TABLE leases (
	partition TEXT NOT NULL, 
	holder TEXT, 
	last_holder TEXT, 
	epoch BIGINT NOT NULL, 
	renewed_ms BIGINT NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	ready BOOLEAN NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (partition)
)
-- next
CREATE INDEX ix_leases_holder ON leases (holder)
-- next
CREATE TABLE lease_members (
	holder TEXT NOT NULL, 
	since_ms BIGINT NOT NULL, 
	seen_ms BIGINT NOT NULL, 
	CONSTRAINT pk_lease_members PRIMARY KEY (holder)
)
-- next
CREATE TABLE lease_states (
	partition TEXT NOT NULL, 
	lane TEXT NOT NULL, 
	epoch BIGINT NOT NULL, 
	state BLOB NOT NULL, 
	CONSTRAINT pk_lease_states PRIMARY KEY (partition, lane)
)
-- next
CREATE TABLE findings_ahead (
	consumer TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	CONSTRAINT pk_findings_ahead PRIMARY KEY (consumer, position)
)
-- next
CREATE TABLE maintenance_spells (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	found TEXT NOT NULL, 
	ended_at BIGINT, 
	ended_by TEXT, 
	CONSTRAINT pk_maintenance_spells PRIMARY KEY (id), 
	CONSTRAINT fk_maintenance_spells_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_maintenance_spells_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_maintenance_spells_asset_at_id ON maintenance_spells (asset, at, id)
-- next
CREATE UNIQUE INDEX uq_maintenance_spells_standing ON maintenance_spells (asset) WHERE ended_at IS NULL
-- next
CREATE TABLE letters_let_go (
	site TEXT NOT NULL, 
	hour BIGINT NOT NULL, 
	letters BIGINT NOT NULL, 
	CONSTRAINT pk_letters_let_go PRIMARY KEY (site, hour)
)
-- next
CREATE TABLE broker_files (
	id TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	host TEXT NOT NULL, 
	changes BIGINT NOT NULL, 
	told TEXT NOT NULL, 
	written_at BIGINT NOT NULL, 
	CONSTRAINT pk_broker_files PRIMARY KEY (id)
)
-- next
CREATE TABLE plan_standings (
	subject TEXT NOT NULL, 
	site TEXT NOT NULL, 
	changes BIGINT NOT NULL, 
	planned BIGINT, 
	fingerprint TEXT NOT NULL, 
	planned_on DATE, 
	wake_on DATE, 
	due INTEGER NOT NULL, 
	CONSTRAINT pk_plan_standings PRIMARY KEY (subject), 
	CONSTRAINT fk_plan_standings_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_plan_standings_site ON plan_standings (site)
-- next
CREATE TABLE checklist_templates (
	sha256 TEXT NOT NULL, 
	items TEXT NOT NULL, 
	CONSTRAINT pk_checklist_templates PRIMARY KEY (sha256)
)
-- next
CREATE TABLE scheduled_jobs (
	name TEXT NOT NULL, 
	began_at BIGINT NOT NULL, 
	succeeded_at BIGINT, 
	failed_at BIGINT, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_scheduled_jobs PRIMARY KEY (name)
)
-- next
CREATE TABLE occurrences (
	lineage TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	cycle INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	plan_row TEXT NOT NULL, 
	nominal_date DATE NOT NULL, 
	earliest DATE NOT NULL, 
	latest DATE NOT NULL, 
	state TEXT NOT NULL, 
	completed_at BIGINT, 
	work_order TEXT, nominal_at BIGINT, due_at BIGINT, evidence JSON, 
	CONSTRAINT pk_occurrences PRIMARY KEY (subject, lineage, cycle), 
	CONSTRAINT fk_occurrences_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
 WITHOUT ROWID


-- next
CREATE INDEX ix_occurrences_site_completed_at ON occurrences (site, completed_at) WHERE completed_at IS NOT NULL
-- next
CREATE INDEX ix_occurrences_site_nominal_date ON occurrences (site, nominal_date)
-- next
CREATE INDEX ix_work_orders_episode ON work_orders (episode) WHERE episode IS NOT NULL
-- next
CREATE INDEX ix_locations_parent ON locations (parent)
-- next
CREATE INDEX ix_assets_parent ON assets (parent)
-- next
CREATE INDEX ix_assets_duty_partner ON assets (duty_partner)
-- next
CREATE INDEX ix_assets_licence_due ON assets (licence_due)
-- next
CREATE INDEX ix_assets_changed ON assets (changed)
-- next
CREATE TABLE point_templates (
	digest TEXT NOT NULL, 
	template TEXT NOT NULL, 
	CONSTRAINT pk_point_templates PRIMARY KEY (digest)
)
-- next
CREATE TABLE custom_fields (
	"key" TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	type TEXT NOT NULL, 
	equipment_class TEXT, 
	unit TEXT NOT NULL, 
	choices JSON NOT NULL, 
	required BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_custom_fields PRIMARY KEY ("key")
)
-- next
CREATE TABLE parts (
	"key" TEXT NOT NULL, 
	site TEXT NOT NULL, 
	number TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	stock FLOAT NOT NULL, 
	minimum FLOAT NOT NULL, 
	unit_cost FLOAT, 
	classes JSON NOT NULL, 
	assets JSON NOT NULL, 
	place TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	search TEXT NOT NULL, 
	CONSTRAINT pk_parts PRIMARY KEY ("key"), 
	CONSTRAINT fk_parts_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_parts_site_number UNIQUE (site, number)
)
-- next
CREATE TABLE part_fits (
	fits TEXT NOT NULL, 
	part TEXT NOT NULL, 
	CONSTRAINT pk_part_fits PRIMARY KEY (fits, part), 
	CONSTRAINT fk_part_fits_part_parts FOREIGN KEY(part) REFERENCES parts ("key")
)
-- next
CREATE INDEX ix_part_fits_part ON part_fits (part)
-- next
CREATE TABLE point_sensors (
	asset TEXT NOT NULL, 
	point TEXT NOT NULL, 
	serial TEXT NOT NULL, 
	calibrated_on DATE, 
	interval_days INTEGER, 
	certificate TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	due_on DATE, 
	CONSTRAINT pk_point_sensors PRIMARY KEY (asset, point), 
	CONSTRAINT fk_point_sensors_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_point_sensors_due_on ON point_sensors (due_on)
-- next
CREATE TABLE files (
	sha256 TEXT NOT NULL, 
	site TEXT NOT NULL, 
	name TEXT NOT NULL, 
	mime TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	uploaded_by TEXT NOT NULL, 
	uploaded_at BIGINT NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (sha256, site), 
	CONSTRAINT fk_files_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE audit_entries (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	by_kind TEXT NOT NULL, 
	by_id TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	via TEXT NOT NULL, 
	action TEXT NOT NULL, 
	entity TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	label TEXT NOT NULL, 
	site TEXT, 
	asset TEXT, 
	"before" TEXT, 
	"after" TEXT
)
-- next
CREATE INDEX ix_audit_entries_entity_key_position ON audit_entries (entity, "key", position)
-- next
CREATE INDEX ix_audit_entries_asset_position ON audit_entries (asset, position)
-- next
CREATE INDEX ix_audit_entries_site_position ON audit_entries (site, position)
-- next
CREATE INDEX ix_audit_entries_at ON audit_entries (at)
-- next
CREATE TABLE audit_seals (
	number INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	behind BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	count INTEGER NOT NULL, 
	spans TEXT NOT NULL, 
	marks TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT pk_audit_seals PRIMARY KEY (number), 
	CONSTRAINT uq_audit_seals_previous UNIQUE (previous)
)
-- next
CREATE TABLE audit_heads (
	date DATE NOT NULL, 
	seal INTEGER NOT NULL, 
	ledger TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	sealed_at BIGINT NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT pk_audit_heads PRIMARY KEY (date, seal)
)
-- next
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON "audit_entries" BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON "audit_entries" BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON "audit_entries" WHEN NEW."position" > 0 AND NEW."position" <= (SELECT MAX("position") FROM "audit_entries") BEGIN SELECT RAISE(FAIL, 'audit_entries is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON "audit_seals" BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON "audit_seals" BEGIN SELECT RAISE(ABORT, 'audit_seals is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_seals_no_replace BEFORE INSERT ON "audit_seals" WHEN NEW."number" > 0 AND NEW."number" <= (SELECT MAX("number") FROM "audit_seals") BEGIN SELECT RAISE(FAIL, 'audit_seals is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_heads_no_update BEFORE UPDATE ON "audit_heads" BEGIN SELECT RAISE(ABORT, 'audit_heads is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_heads_no_delete BEFORE DELETE ON "audit_heads" BEGIN SELECT RAISE(ABORT, 'audit_heads is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER audit_heads_no_replace BEFORE INSERT ON "audit_heads" WHEN EXISTS (SELECT 1 FROM "audit_heads" WHERE ("date" = NEW."date" AND "seal" = NEW."seal")) BEGIN SELECT RAISE(FAIL, 'audit_heads is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TABLE statutory_records (
	id TEXT NOT NULL, 
	work_order TEXT, 
	number BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT, 
	title_zh TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	completed_on DATE NOT NULL, 
	frozen_at BIGINT NOT NULL, 
	frozen_by TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	keep_years INTEGER NOT NULL, 
	keep_basis TEXT NOT NULL, 
	keep_status TEXT NOT NULL, 
	keep_until DATE NOT NULL, 
	sha256 TEXT NOT NULL, 
	document TEXT NOT NULL, incident TEXT, 
	CONSTRAINT pk_statutory_records PRIMARY KEY (id), 
	CONSTRAINT uq_statutory_records_work_order UNIQUE (work_order), 
	CONSTRAINT fk_statutory_records_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_statutory_records_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_statutory_records_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_statutory_records_asset_completed_on_id ON statutory_records (asset, completed_on, id)
-- next
CREATE INDEX ix_statutory_records_site_completed_on_id ON statutory_records (site, completed_on, id)
-- next
CREATE INDEX ix_statutory_records_completed_on_id ON statutory_records (completed_on, id)
-- next
CREATE TABLE record_addenda (
	id TEXT NOT NULL, 
	record TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT, 
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	text TEXT NOT NULL, 
	signature TEXT, 
	op_id TEXT, 
	previous TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	CONSTRAINT pk_record_addenda PRIMARY KEY (id), 
	CONSTRAINT uq_record_addenda_record_number UNIQUE (record, number), 
	CONSTRAINT fk_record_addenda_record_statutory_records FOREIGN KEY(record) REFERENCES statutory_records (id), 
	CONSTRAINT fk_record_addenda_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_record_addenda_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_record_addenda_asset ON record_addenda (asset)
-- next
CREATE TRIGGER statutory_records_no_update BEFORE UPDATE ON "statutory_records" BEGIN SELECT RAISE(ABORT, 'statutory_records is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER statutory_records_no_delete BEFORE DELETE ON "statutory_records" BEGIN SELECT RAISE(ABORT, 'statutory_records is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER statutory_records_no_replace BEFORE INSERT ON "statutory_records" WHEN EXISTS (SELECT 1 FROM "statutory_records" WHERE ("id" = NEW."id") OR ("work_order" = NEW."work_order")) BEGIN SELECT RAISE(FAIL, 'statutory_records is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER record_addenda_no_update BEFORE UPDATE ON "record_addenda" BEGIN SELECT RAISE(ABORT, 'record_addenda is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER record_addenda_no_delete BEFORE DELETE ON "record_addenda" BEGIN SELECT RAISE(ABORT, 'record_addenda is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER record_addenda_no_replace BEFORE INSERT ON "record_addenda" WHEN EXISTS (SELECT 1 FROM "record_addenda" WHERE ("id" = NEW."id") OR ("record" = NEW."record" AND "number" = NEW."number")) BEGIN SELECT RAISE(FAIL, 'record_addenda is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TABLE imports (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	state TEXT NOT NULL, 
	file TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	started_at BIGINT NOT NULL, 
	site TEXT, 
	phase TEXT NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	created INTEGER NOT NULL, 
	updated INTEGER NOT NULL, 
	unchanged INTEGER NOT NULL, 
	errors INTEGER NOT NULL, 
	warnings INTEGER NOT NULL, 
	finished_at BIGINT, 
	undone_at BIGINT, 
	undone_by TEXT, 
	author TEXT NOT NULL, 
	CONSTRAINT pk_imports PRIMARY KEY (id)
)
-- next
CREATE INDEX ix_imports_started_at_id ON imports (started_at, id)
-- next
CREATE TABLE import_documents (
	import TEXT NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_import_documents PRIMARY KEY (import), 
	CONSTRAINT fk_import_documents_import_imports FOREIGN KEY(import) REFERENCES imports (id)
)
-- next
CREATE TABLE import_changes (
	import TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	record TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	code TEXT NOT NULL, 
	site TEXT, 
	sheet TEXT NOT NULL, 
	"row" INTEGER NOT NULL, 
	"before" TEXT, 
	"after" TEXT NOT NULL, 
	CONSTRAINT pk_import_changes PRIMARY KEY (import, position), 
	CONSTRAINT fk_import_changes_import_imports FOREIGN KEY(import) REFERENCES imports (id)
)
-- next
CREATE TABLE emergency_plans (
	"key" TEXT NOT NULL, 
	profile TEXT NOT NULL, 
	code TEXT NOT NULL, 
	site TEXT, 
	version INTEGER NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_emergency_plans PRIMARY KEY ("key"), 
	CONSTRAINT fk_emergency_plans_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_emergency_plans_profile_code UNIQUE (profile, code)
)
-- next
CREATE TABLE departments (
	site TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	aliases JSON NOT NULL, 
	classes JSON NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_departments PRIMARY KEY (site, "key"), 
	CONSTRAINT fk_departments_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE contractors (
	id TEXT NOT NULL, 
	site TEXT, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	licences JSON NOT NULL, 
	contact TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_contractors PRIMARY KEY (id), 
	CONSTRAINT fk_contractors_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_contractors_site ON contractors (site)
-- next
CREATE TABLE staff (
	username TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	skills JSON NOT NULL, 
	contractor TEXT, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_staff PRIMARY KEY (username), 
	CONSTRAINT fk_staff_username_users FOREIGN KEY(username) REFERENCES users (username), 
	CONSTRAINT fk_staff_contractor_contractors FOREIGN KEY(contractor) REFERENCES contractors (id)
)
-- next
CREATE INDEX ix_staff_contractor ON staff (contractor)
-- next
CREATE TABLE memberships (
	username TEXT NOT NULL, 
	site TEXT NOT NULL, 
	department TEXT NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (username, site, department), 
	CONSTRAINT fk_memberships_username_users FOREIGN KEY(username) REFERENCES users (username), 
	CONSTRAINT fk_memberships_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_memberships_site_department ON memberships (site, department)
-- next
CREATE TABLE certificates (
	id TEXT NOT NULL, 
	username TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	number TEXT NOT NULL, 
	issued_on DATE NOT NULL, 
	expires_on DATE, 
	issuer TEXT NOT NULL, 
	classes JSON NOT NULL, 
	systems JSON NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_certificates PRIMARY KEY (id), 
	CONSTRAINT fk_certificates_username_users FOREIGN KEY(username) REFERENCES users (username), 
	CONSTRAINT uq_certificates_username_kind_number UNIQUE (username, kind, number)
)
-- next
CREATE INDEX ix_certificates_expires_on ON certificates (expires_on)
-- next
CREATE TABLE shifts (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	department TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	starts TIME NOT NULL, 
	ends TIME NOT NULL, 
	people JSON NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_until DATE, 
	weekdays JSON NOT NULL, 
	cycle_days INTEGER, 
	cycle_on JSON NOT NULL, 
	minimum INTEGER NOT NULL, 
	post TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_shifts PRIMARY KEY (id), 
	CONSTRAINT fk_shifts_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_shifts_site ON shifts (site)
-- next
CREATE TABLE shift_changes (
	id TEXT NOT NULL, 
	shift TEXT NOT NULL, 
	day DATE NOT NULL, 
	kind TEXT NOT NULL, 
	user TEXT, 
	other TEXT, 
	reason TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_shift_changes PRIMARY KEY (id), 
	CONSTRAINT fk_shift_changes_shift_shifts FOREIGN KEY(shift) REFERENCES shifts (id)
)
-- next
CREATE INDEX ix_shift_changes_day ON shift_changes (day)
-- next
CREATE INDEX ix_shift_changes_shift_day ON shift_changes (shift, day)
-- next
CREATE TABLE absences (
	id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	first DATE NOT NULL, 
	last DATE NOT NULL, 
	CONSTRAINT pk_absences PRIMARY KEY (id), 
	CONSTRAINT fk_absences_user_users FOREIGN KEY(user) REFERENCES users (username)
)
-- next
CREATE INDEX ix_absences_last ON absences (last)
-- next
CREATE INDEX ix_absences_user_last ON absences (user, last)
-- next
CREATE TABLE on_call_rotas (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	department TEXT, 
	level INTEGER NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	people JSON NOT NULL, 
	starts_on DATE NOT NULL, 
	handover TIME NOT NULL, 
	days INTEGER NOT NULL, 
	ends_on DATE, 
	severities JSON NOT NULL, 
	holiday_people JSON NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_on_call_rotas PRIMARY KEY (id), 
	CONSTRAINT fk_on_call_rotas_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_on_call_rotas_site ON on_call_rotas (site)
-- next
CREATE TABLE on_call_covers (
	id TEXT NOT NULL, 
	rota TEXT NOT NULL, 
	user TEXT NOT NULL, 
	starts_at BIGINT NOT NULL, 
	ends_at BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_on_call_covers PRIMARY KEY (id), 
	CONSTRAINT fk_on_call_covers_rota_on_call_rotas FOREIGN KEY(rota) REFERENCES on_call_rotas (id)
)
-- next
CREATE INDEX ix_on_call_covers_rota_ends_at ON on_call_covers (rota, ends_at)
-- next
CREATE TABLE assignments (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	user TEXT, 
	contractor TEXT, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	why TEXT NOT NULL, 
	automatic BOOLEAN NOT NULL, 
	minutes INTEGER NOT NULL, 
	ended_at BIGINT, 
	ended_how TEXT, 
	ended_why TEXT, 
	ended_by TEXT, 
	CONSTRAINT pk_assignments PRIMARY KEY (id), 
	CONSTRAINT fk_assignments_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_assignments_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_assignments_work_order_at_id ON assignments (work_order, at, id)
-- next
CREATE INDEX ix_assignments_user_ended_at ON assignments (user, ended_at)
-- next
CREATE UNIQUE INDEX uq_assignments_standing ON assignments (work_order) WHERE ended_at IS NULL
-- next
CREATE INDEX ix_work_orders_ended_next_limit_number ON work_orders (ended, next_limit, number)
-- next
CREATE TABLE work_order_marks (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	work_order TEXT NOT NULL, 
	said TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	code TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT fk_work_order_marks_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
-- next
CREATE INDEX ix_work_order_marks_work_order ON work_order_marks (work_order)
-- next
CREATE TABLE sla_clocks (
	work_order TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	cycle INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	state TEXT NOT NULL, 
	started_at BIGINT NOT NULL, 
	counts_from BIGINT NOT NULL, 
	target_s INTEGER NOT NULL, 
	limit_s INTEGER NOT NULL, 
	target_at BIGINT NOT NULL, 
	limit_at BIGINT NOT NULL, 
	stopped_at BIGINT, 
	decided_at BIGINT, 
	pauses JSON NOT NULL, 
	paused_s FLOAT NOT NULL, 
	wake_at BIGINT, 
	CONSTRAINT pk_sla_clocks PRIMARY KEY (work_order, kind, cycle), 
	CONSTRAINT fk_sla_clocks_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
 WITHOUT ROWID


-- next
CREATE INDEX ix_sla_clocks_wake_at ON sla_clocks (wake_at)
-- next
CREATE INDEX ix_sla_clocks_decided_at ON sla_clocks (decided_at)
-- next
CREATE TABLE sla_steps (
	work_order TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	cycle INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	due_at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	messages INTEGER NOT NULL, 
	CONSTRAINT pk_sla_steps PRIMARY KEY (work_order, kind, cycle, step), 
	CONSTRAINT fk_sla_steps_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
 WITHOUT ROWID


-- next
CREATE TABLE sla_policies (
	profile TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	effective_at BIGINT NOT NULL, 
	document JSON NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_sla_policies PRIMARY KEY (profile, version)
)
 WITHOUT ROWID


-- next
CREATE TABLE channels (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	site TEXT, 
	department TEXT, 
	user TEXT, 
	kind TEXT NOT NULL, 
	language TEXT NOT NULL, 
	min_severity TEXT NOT NULL, 
	quiet_from TEXT, 
	quiet_to TEXT, 
	sealed TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	last_ok_at BIGINT, 
	last_failed_at BIGINT, 
	last_error TEXT, 
	broken_since BIGINT, 
	ticket TEXT, 
	digest_at BIGINT, 
	resting_until BIGINT, 
	claimed_by TEXT, 
	claimed_until BIGINT, 
	CONSTRAINT pk_channels PRIMARY KEY (id), 
	CONSTRAINT uq_channels_name UNIQUE (name), 
	CONSTRAINT fk_channels_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE notifications (
	id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	dedup TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	site TEXT, 
	work_order TEXT, 
	clock TEXT, 
	severity TEXT NOT NULL, 
	urgent BOOLEAN NOT NULL, 
	title TEXT NOT NULL, 
	body TEXT NOT NULL, 
	payload JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_try BIGINT, 
	delivered_at BIGINT, 
	given_up_at BIGINT, 
	withdrawn_at BIGINT, 
	error TEXT, 
	digest TEXT, 
	replays INTEGER NOT NULL, 
	CONSTRAINT pk_notifications PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_channel_dedup UNIQUE (channel, dedup), 
	CONSTRAINT fk_notifications_channel_channels FOREIGN KEY(channel) REFERENCES channels (id) ON DELETE CASCADE
)
-- next
CREATE INDEX ix_notifications_work_order ON notifications (work_order)
-- next
CREATE INDEX ix_notifications_next_try_channel ON notifications (next_try, channel)
-- next
CREATE INDEX ix_notifications_channel_delivered_at ON notifications (channel, delivered_at)
-- next
CREATE INDEX ix_notifications_created_at_id ON notifications (created_at, id)
-- next
CREATE TRIGGER work_order_marks_refuse_update BEFORE UPDATE ON work_order_marks BEGIN SELECT RAISE(ABORT, 'work_order_marks is append-only'); END
-- next
CREATE TRIGGER work_order_marks_refuse_delete BEFORE DELETE ON work_order_marks BEGIN SELECT RAISE(ABORT, 'work_order_marks is append-only'); END
-- next
CREATE TRIGGER sla_policies_refuse_update BEFORE UPDATE ON sla_policies BEGIN SELECT RAISE(ABORT, 'sla_policies is append-only'); END
-- next
CREATE TRIGGER sla_policies_refuse_delete BEFORE DELETE ON sla_policies BEGIN SELECT RAISE(ABORT, 'sla_policies is append-only'); END
-- next
CREATE TABLE work_comments (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	text TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	CONSTRAINT pk_work_comments PRIMARY KEY (id), 
	CONSTRAINT fk_work_comments_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_comments_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_comments_work_order ON work_comments (work_order)
-- next
CREATE TABLE work_attachments (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	name TEXT NOT NULL, 
	mime TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	step TEXT, 
	note TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	CONSTRAINT pk_work_attachments PRIMARY KEY (id), 
	CONSTRAINT fk_work_attachments_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_attachments_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_attachments_work_order ON work_attachments (work_order)
-- next
CREATE TABLE work_signatures (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	role TEXT NOT NULL, 
	name TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	order_version INTEGER NOT NULL, 
	answers_sha256 TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	CONSTRAINT pk_work_signatures PRIMARY KEY (id), 
	CONSTRAINT fk_work_signatures_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_signatures_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_signatures_work_order ON work_signatures (work_order)
-- next
CREATE TABLE work_found_on (
	ticket TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	step TEXT NOT NULL, 
	item_zh TEXT NOT NULL, 
	item_en TEXT NOT NULL, 
	remark TEXT NOT NULL, 
	number FLOAT, 
	unit TEXT NOT NULL, 
	low FLOAT, 
	high FLOAT, 
	severity TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_work_found_on PRIMARY KEY (ticket), 
	CONSTRAINT fk_work_found_on_ticket_work_orders FOREIGN KEY(ticket) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_found_on_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
-- next
CREATE INDEX ix_work_found_on_work_order ON work_found_on (work_order)
-- next
CREATE TABLE work_labour (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	person TEXT NOT NULL, 
	minutes INTEGER NOT NULL, 
	starts_at BIGINT, 
	ends_at BIGINT, 
	note TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	removed_at BIGINT, 
	removed_by TEXT, 
	removed_why TEXT, 
	CONSTRAINT pk_work_labour PRIMARY KEY (id), 
	CONSTRAINT fk_work_labour_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_labour_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_labour_work_order ON work_labour (work_order)
-- next
CREATE INDEX ix_work_labour_person_ends_at ON work_labour (person, ends_at)
-- next
CREATE TABLE work_parts (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	part TEXT NOT NULL, 
	number TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	quantity FLOAT NOT NULL, 
	unit_cost FLOAT, 
	amount FLOAT, 
	stock_after FLOAT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	removed_at BIGINT, 
	removed_by TEXT, 
	removed_why TEXT, 
	CONSTRAINT pk_work_parts PRIMARY KEY (id), 
	CONSTRAINT fk_work_parts_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_parts_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_parts_work_order ON work_parts (work_order)
-- next
CREATE INDEX ix_work_parts_part_at ON work_parts (part, at)
-- next
CREATE TABLE work_costs (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	contractor TEXT, 
	invoice TEXT NOT NULL, 
	amount FLOAT NOT NULL, 
	note TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	removed_at BIGINT, 
	removed_by TEXT, 
	removed_why TEXT, 
	CONSTRAINT pk_work_costs PRIMARY KEY (id), 
	CONSTRAINT fk_work_costs_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_work_costs_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_work_costs_work_order ON work_costs (work_order)
-- next
CREATE TABLE cost_bookings (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	line TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	asset TEXT, 
	kind TEXT NOT NULL, 
	source TEXT NOT NULL, 
	amount FLOAT NOT NULL, 
	booked_at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	reversed_by TEXT, 
	CONSTRAINT pk_cost_bookings PRIMARY KEY (id), 
	CONSTRAINT fk_cost_bookings_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_cost_bookings_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
-- next
CREATE INDEX ix_cost_bookings_work_order ON cost_bookings (work_order)
-- next
CREATE INDEX ix_cost_bookings_site_booked_at ON cost_bookings (site, booked_at)
-- next
CREATE INDEX ix_cost_bookings_source ON cost_bookings (source)
-- next
CREATE TABLE repairs (
	work_order TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT, 
	equipment_class TEXT, 
	model TEXT NOT NULL, 
	department TEXT, 
	failure_mode TEXT, 
	cause TEXT, 
	action TEXT, 
	item TEXT NOT NULL, 
	note TEXT NOT NULL, 
	verdict TEXT, 
	state TEXT NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	opened_at BIGINT NOT NULL, 
	completed_at BIGINT, 
	completed_by TEXT, 
	again_at BIGINT, 
	coded_by TEXT, 
	coded_at BIGINT, 
	CONSTRAINT pk_repairs PRIMARY KEY (work_order, attempt), 
	CONSTRAINT fk_repairs_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_repairs_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_repairs_class ON repairs (confirmed, equipment_class, failure_mode, completed_at, site)
-- next
CREATE INDEX ix_repairs_asset_failure_mode_opened_at ON repairs (asset, failure_mode, opened_at)
-- next
CREATE INDEX ix_repairs_asset ON repairs (confirmed, asset, failure_mode, completed_at)
-- next
CREATE INDEX ix_repairs_model ON repairs (confirmed, model, failure_mode, completed_at)
-- next
CREATE INDEX ix_repairs_completed_at ON repairs (completed_at)
-- next
CREATE TABLE owner_reports (
	id TEXT NOT NULL, 
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT, 
	place TEXT NOT NULL, 
	category TEXT NOT NULL, 
	text TEXT NOT NULL, 
	token_sha256 TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	joined BOOLEAN NOT NULL, 
	photo TEXT, 
	stars INTEGER, 
	remark TEXT NOT NULL, 
	rated_at BIGINT, 
	CONSTRAINT pk_owner_reports PRIMARY KEY (id), 
	CONSTRAINT fk_owner_reports_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_owner_reports_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT uq_owner_reports_token_sha256 UNIQUE (token_sha256)
)
-- next
CREATE INDEX ix_owner_reports_work_order ON owner_reports (work_order)
-- next
CREATE INDEX ix_owner_reports_site_at ON owner_reports (site, at)
-- next
CREATE INDEX ix_owner_reports_rated_at ON owner_reports (rated_at)
-- next
CREATE TABLE owner_contacts (
	report TEXT NOT NULL, 
	name TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	delete_at BIGINT NOT NULL, 
	CONSTRAINT pk_owner_contacts PRIMARY KEY (report), 
	CONSTRAINT fk_owner_contacts_report_owner_reports FOREIGN KEY(report) REFERENCES owner_reports (id)
)
-- next
CREATE INDEX ix_owner_contacts_delete_at ON owner_contacts (delete_at)
-- next
CREATE TABLE incidents (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	year INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	asset TEXT, 
	work_order TEXT, 
	reported_at BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_incidents PRIMARY KEY (id), 
	CONSTRAINT uq_incidents_site_year_number UNIQUE (site, year, number), 
	CONSTRAINT fk_incidents_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_incidents_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key"), 
	CONSTRAINT fk_incidents_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id)
)
-- next
CREATE INDEX ix_incidents_reported_at_id ON incidents (reported_at, id)
-- next
CREATE INDEX ix_incidents_site_reported_at_id ON incidents (site, reported_at, id)
-- next
CREATE INDEX ix_incidents_work_order ON incidents (work_order)
-- next
CREATE INDEX ix_incidents_asset ON incidents (asset)
-- next
CREATE TABLE drill_records (
	work_order TEXT NOT NULL, 
	site TEXT NOT NULL, 
	emergency_plan TEXT, 
	recorded_at BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_drill_records PRIMARY KEY (work_order), 
	CONSTRAINT fk_drill_records_work_order_work_orders FOREIGN KEY(work_order) REFERENCES work_orders (id), 
	CONSTRAINT fk_drill_records_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_drill_records_recorded_at_work_order ON drill_records (recorded_at, work_order)
-- next
CREATE INDEX ix_drill_records_site_recorded_at_work_order ON drill_records (site, recorded_at, work_order)
-- next
CREATE UNIQUE INDEX uq_statutory_records_incident ON statutory_records (incident)
-- next
CREATE TABLE plan_changes (
	id TEXT NOT NULL, 
	site TEXT, 
	origin TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	requested_by TEXT NOT NULL, 
	requested_at BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	action TEXT, 
	code TEXT, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	effective_from DATE, 
	suggestion TEXT NOT NULL, 
	asset TEXT, 
	decided_by TEXT, 
	decided_at BIGINT, 
	decision TEXT NOT NULL, 
	lineage TEXT, 
	applied_version INTEGER, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_plan_changes PRIMARY KEY (id), 
	CONSTRAINT fk_plan_changes_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_plan_changes_code ON plan_changes (code)
-- next
CREATE INDEX ix_plan_changes_lineage ON plan_changes (lineage)
-- next
CREATE INDEX ix_plan_changes_requested_at_id ON plan_changes (requested_at, id)
-- next
CREATE TABLE budgets (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	year INTEGER NOT NULL, 
	line TEXT NOT NULL, 
	system TEXT NOT NULL, 
	approved FLOAT NOT NULL, 
	warn_percent INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	approved_by TEXT NOT NULL, 
	approved_at BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_budgets PRIMARY KEY (id), 
	CONSTRAINT uq_budgets_site_year_line_system UNIQUE (site, year, line, system), 
	CONSTRAINT fk_budgets_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE budget_warnings (
	budget TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	level TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	approved FLOAT NOT NULL, 
	actual FLOAT NOT NULL, 
	committed FLOAT NOT NULL, 
	messages INTEGER NOT NULL, 
	CONSTRAINT pk_budget_warnings PRIMARY KEY (budget, revision, level), 
	CONSTRAINT fk_budget_warnings_budget_budgets FOREIGN KEY(budget) REFERENCES budgets (id)
)
-- next
CREATE TABLE budget_rates (
	site TEXT NOT NULL, 
	hourly_rate FLOAT, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_budget_rates PRIMARY KEY (site), 
	CONSTRAINT fk_budget_rates_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE budget_forecasts (
	site TEXT NOT NULL, 
	year INTEGER NOT NULL, 
	computed_at BIGINT NOT NULL, 
	basis TEXT NOT NULL, 
	document JSON NOT NULL, 
	CONSTRAINT pk_budget_forecasts PRIMARY KEY (site, year), 
	CONSTRAINT fk_budget_forecasts_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE TABLE risk_standings (
	asset TEXT NOT NULL, 
	site TEXT NOT NULL, 
	likelihood INTEGER NOT NULL, 
	consequence INTEGER NOT NULL, 
	score INTEGER NOT NULL, 
	parts TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	assessed_at BIGINT NOT NULL, 
	above BOOLEAN NOT NULL, 
	below_since BIGINT, 
	CONSTRAINT pk_risk_standings PRIMARY KEY (asset), 
	CONSTRAINT fk_risk_standings_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_risk_standings_score_asset ON risk_standings (score, asset)
-- next
CREATE INDEX ix_risk_standings_site_score_asset ON risk_standings (site, score, asset)
-- next
CREATE TABLE risk_reports (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	crossing INTEGER NOT NULL, 
	made_at BIGINT NOT NULL, 
	likelihood INTEGER NOT NULL, 
	consequence INTEGER NOT NULL, 
	score INTEGER NOT NULL, 
	warning_value INTEGER NOT NULL, 
	title_zh TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	parts TEXT NOT NULL, 
	overview TEXT NOT NULL, 
	impact TEXT NOT NULL, 
	measures TEXT NOT NULL, 
	advice TEXT NOT NULL, 
	acknowledged_at BIGINT, 
	acknowledged_by TEXT, 
	taken TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_risk_reports PRIMARY KEY (id), 
	CONSTRAINT uq_risk_reports_asset_crossing UNIQUE (asset, crossing), 
	CONSTRAINT fk_risk_reports_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_risk_reports_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_risk_reports_made_at_id ON risk_reports (made_at, id)
-- next
CREATE INDEX ix_risk_reports_site_made_at_id ON risk_reports (site, made_at, id)
-- next
CREATE TABLE risk_policies (
	site TEXT NOT NULL, 
	warning_value INTEGER NOT NULL, 
	clear_value INTEGER NOT NULL, 
	clear_after_days INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	changed_at BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_risk_policies PRIMARY KEY (site), 
	CONSTRAINT fk_risk_policies_site_sites FOREIGN KEY(site) REFERENCES sites (code)
)
-- next
CREATE INDEX ix_repairs_site_opened_at ON repairs (site, opened_at)
-- next
CREATE TABLE stored_reports (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	asset TEXT, 
	system TEXT, 
	first DATE NOT NULL, 
	last DATE NOT NULL, 
	language TEXT NOT NULL, 
	costs BOOLEAN NOT NULL, 
	pdf BOOLEAN NOT NULL, 
	state TEXT NOT NULL, 
	requested_by TEXT NOT NULL, 
	requested_at BIGINT NOT NULL, 
	occasion TEXT, 
	attempts INTEGER NOT NULL, 
	taken_until BIGINT, 
	ready_at BIGINT, 
	problem TEXT NOT NULL, 
	html_sha256 TEXT, 
	html_bytes BIGINT, 
	pdf_sha256 TEXT, 
	pdf_bytes BIGINT, 
	CONSTRAINT pk_stored_reports PRIMARY KEY (id), 
	CONSTRAINT fk_stored_reports_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_stored_reports_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key"), 
	CONSTRAINT uq_stored_reports_occasion UNIQUE (occasion)
)
-- next
CREATE INDEX ix_stored_reports_state ON stored_reports (state)
-- next
CREATE INDEX ix_stored_reports_site_requested_at_id ON stored_reports (site, requested_at, id)
-- next
CREATE INDEX ix_stored_reports_requested_at_id ON stored_reports (requested_at, id)
-- next
CREATE INDEX ix_work_orders_assignee_ended_due_order_number ON work_orders (assignee, ended, due_order, number) WHERE assignee IS NOT NULL
-- next
CREATE INDEX ix_work_orders_contractor_due_order_number ON work_orders (contractor, due_order, number) WHERE contractor IS NOT NULL
-- next
CREATE INDEX ix_work_orders_ended_risk_at ON work_orders (ended, risk_at) WHERE risk_at IS NOT NULL
-- next
CREATE INDEX ix_work_orders_state_due_order_number ON work_orders (state, due_order, number) WHERE state != 'scheduled'
-- next
CREATE TABLE asset_rests (
	id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	asset TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	until BIGINT, 
	scrapped BIGINT, 
	CONSTRAINT pk_asset_rests PRIMARY KEY (id), 
	CONSTRAINT fk_asset_rests_site_sites FOREIGN KEY(site) REFERENCES sites (code), 
	CONSTRAINT fk_asset_rests_asset_assets FOREIGN KEY(asset) REFERENCES assets ("key")
)
-- next
CREATE INDEX ix_asset_rests_asset_since ON asset_rests (asset, since)
-- next
CREATE INDEX ix_asset_rests_site ON asset_rests (site)
-- next
CREATE UNIQUE INDEX uq_asset_rests_going_on ON asset_rests (asset) WHERE until IS NULL
-- next
CREATE TABLE seed_choices (
	scope TEXT NOT NULL, 
	profile TEXT NOT NULL, 
	jurisdiction TEXT NOT NULL, 
	options JSON NOT NULL, 
	CONSTRAINT pk_seed_choices PRIMARY KEY (scope)
)
-- next
CREATE TABLE class_points (
	equipment_class TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	CONSTRAINT pk_class_points PRIMARY KEY (equipment_class, "key")
)
-- next
CREATE TRIGGER work_order_transitions_no_replace BEFORE INSERT ON "work_order_transitions" WHEN NEW."position" > 0 AND NEW."position" <= (SELECT MAX("position") FROM "work_order_transitions") BEGIN SELECT RAISE(FAIL, 'work_order_transitions is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TRIGGER operations_no_replace BEFORE INSERT ON "operations" WHEN NEW."position" > 0 AND NEW."position" <= (SELECT MAX("position") FROM "operations") BEGIN SELECT RAISE(FAIL, 'operations is append-only: its rows are neither changed nor deleted'); END
-- next
CREATE TABLE kept_answers (
	account TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	request TEXT NOT NULL, 
	body_sha256 TEXT NOT NULL, 
	status INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	headers JSON NOT NULL, 
	CONSTRAINT pk_kept_answers PRIMARY KEY (account, "key")
)
-- next
CREATE INDEX ix_kept_answers_at ON kept_answers (at)
-- next
INSERT INTO "counters" VALUES ('places_changed', 0)
-- next
INSERT INTO "counters" VALUES ('plant_rebuilt', 0)
-- next
INSERT INTO "counters" VALUES ('plant_revision', 0)
-- next
INSERT INTO "counters" VALUES ('sources_changed', 0)
-- next
INSERT INTO "counters" VALUES ('work_order_number', 0)
-- next
INSERT INTO "checklist_templates" VALUES ('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', '[]')
-- next
INSERT INTO "alembic_version" VALUES ('0039')
-- next
INSERT INTO "audit_entries" VALUES (1, {at_us}, 'system:migration', 'system', '', '从此刻起保存变更记录 / changes are kept from here on', '', 'migration 0024', 'begun', 'ledger', '{ledger}', '{ledger}', NULL, NULL, NULL, '{"kept_since":"{at}"}')
