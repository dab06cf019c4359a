/* What both Node servers share: who may come in, and the rows in MariaDB. */

import jwt from "jsonwebtoken";
import mysql from "mysql2/promise";

const pool = mysql.createPool({ uri: process.env.DATABASE_URL, connectionLimit: 10 });

export const BODY_MAX = 20_000; // characters

/** The person whom a token names; throws if it is not good. */
export function who(token) {
  return Number(jwt.verify(token, process.env.JWT_SECRET, { algorithms: ["HS256"] }).sub);
}

export async function conversationsOf(user) {
  const [rows] = await pool.execute("SELECT conversation_id FROM participants WHERE user_id = ?", [user]);
  return rows.map((row) => row.conversation_id);
}

/** Commit a message; what everybody will see of it. */
export async function keep(user, { conversation, client_id, body }) {
  const sent_at = new Date();
  const [row] = await pool.execute(
    "INSERT INTO messages (conversation_id, sender_id, client_id, body, sent_at) VALUES (?, ?, ?, ?, ?)",
    [conversation, user, client_id, body, sent_at],
  );
  return { conversation, id: row.insertId, sender: user, client_id, body, sent_at };
}

export function valid(message) {
  return (
    message !== null &&
    typeof message === "object" &&
    Number.isSafeInteger(message.conversation) &&
    typeof message.client_id === "string" &&
    message.client_id.length === 36 &&
    typeof message.body === "string" &&
    message.body.length > 0 &&
    message.body.length <= BODY_MAX
  );
}
