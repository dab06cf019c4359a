/* A chat server on Socket.IO with its Redis adapter, as its documents show it; rows in MariaDB. */

import http from "node:http";

import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

import { conversationsOf, keep, valid, who } from "./store.mjs";

const server = http.createServer((request, response) => response.end("ok"));
const io = new Server(server, { transports: ["websocket"], serveClient: false });

const publishes = createClient({ url: process.env.REDIS_URL });
const subscribes = publishes.duplicate();
await Promise.all([publishes.connect(), subscribes.connect()]);
io.adapter(createAdapter(publishes, subscribes));

// As https://socket.io/docs/v4/memory-usage/ advises where nothing reads it later.
io.engine.on("connection", (rawSocket) => {
  rawSocket.request = null;
});

const room = (conversation) => `conversation:${conversation}`;

io.use((socket, next) => {
  try {
    socket.data.user = who(socket.handshake.auth.token);
    next();
  } catch {
    next(new Error("not authenticated"));
  }
});

io.on("connection", async (socket) => {
  socket.on("message", async (message, acknowledge) => {
    if (!valid(message) || !socket.rooms.has(room(message.conversation))) {
      acknowledge({ error: "not possible" });
      return;
    }
    const kept = await keep(socket.data.user, message);
    acknowledge({ client_id: kept.client_id, id: kept.id });
    io.to(room(kept.conversation)).emit("message", kept);
  });
  socket.join((await conversationsOf(socket.data.user)).map(room));
  socket.emit("ready");
});

server.listen(Number(process.env.PORT), "127.0.0.1");
