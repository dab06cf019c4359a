-- What the hand-written servers keep; indexed for what they ask.
CREATE TABLE users (
  id BIGINT PRIMARY KEY,
  name VARCHAR(64) NOT NULL
);
CREATE TABLE participants (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  UNIQUE KEY (user_id, conversation_id)
);
CREATE TABLE messages (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  conversation_id BIGINT NOT NULL,
  sender_id BIGINT NOT NULL,
  client_id CHAR(36) NOT NULL,
  body TEXT NOT NULL,
  sent_at DATETIME(6) NOT NULL,
  KEY (conversation_id, id)
);
