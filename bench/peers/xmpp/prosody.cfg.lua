-- A server of one host, with its archive in MariaDB, and nothing that holds clients back.
pidfile = "@home@/prosody.pid"
run_as_root = true
log = { warn = "*console" }
certificates = "@home@/certs"
interfaces = { "127.0.0.1" }
c2s_ports = { @port@ }
modules_enabled = { "roster", "saslauth", "disco", "mam" }
modules_disabled = { "s2s", "tls" }
network_backend = "epoll"
network_settings = { tcp_backlog = 1024 }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
default_storage = "internal"
storage = { archive = "sql", muc_log = "sql" }
sql = { driver = "MySQL", database = "prosody", username = "@user@", password = "@password@", host = "127.0.0.1", port = @database@ }
default_archive_policy = true

VirtualHost "@domain@"

Component "@rooms@" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_room_locking = false
  max_history_messages = 0
  muc_room_default_presence_broadcast = { visitor = false, participant = false, moderator = false }
