/** One connection of a machine to a port of 127.0.0.1: `node pipe.ts PORT`, started by the emulator for each. */
import { createConnection } from "node:net";
import process from "node:process";

const socket = createConnection(Number(process.argv[2]), "127.0.0.1");
const end = (): void => {
  socket.destroy();
  process.stdin.destroy();
};
socket.on("error", end).on("close", end);
process.stdin.on("error", end);
process.stdin.pipe(socket).pipe(process.stdout);
