import type { Socket } from "node:net";
import type { Connection, Protocol } from "../../core/listener/index.ts";

/** Written at once, and not while this much is unsent: TLS makes one record of it. */
const slice = 16 * 1024;
const window = 16 * 1024;

/** Memory of a waiting answer: a reference to bytes that all answers share. */
const entryBytes = 16;

/**
 * The answers of one HTTP/1.1 connection on their way out, in order. A client may send a thousand requests at once;
 * answers that it does not read wait here as references, and only a window of them is handed to the socket, which would
 * copy and encrypt them all. Meanwhile nothing more is read.
 *
 * The window stays below the socket's high-water mark on purpose: beyond it Node would pause its parser, and over TLS
 * then hand it what is already decrypted, which ends the connection with an error.
 */
export class Http1Output implements Protocol {
  readonly name = "http/1.1";
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly timeOut: () => boolean;
  /** Ends our side of the socket. */
  readonly #close: () => void;
  #waiting: Buffer[] = [];
  /** The first that waits, and how much of it was sent. */
  #next = 0;
  #sent = 0;
  #closing = false;
  /** An answer is being looked up. */
  #expected = false;
  /** When something was last sent or read. */
  #moved = 0;

  /** `timeOut`: answers a request that never completes. */
  constructor(socket: Socket, connection: Connection, timeOut: () => void) {
    this.#socket = socket;
    this.#connection = connection;
    this.timeOut = () => {
      timeOut();
      return true;
    };
    const end = socket.end.bind(socket);
    this.#close = () => void end();
    // A client that has sent all requests may end its side: Node ends ours then, after what still waits.
    socket.allowHalfOpen = true;
    socket.end = (): Socket => {
      this.close();
      return socket;
    };
    // Node resumes the socket with every request, by a listener that comes after this one.
    socket.on("resume", () => {
      if (this.#waits) process.nextTick(() => void (this.#waits && socket.pause()));
    });
  }

  get stalledSince(): number | undefined {
    return this.#connection.held > 0 ? this.#moved : undefined;
  }

  /** Whether no more answers are accepted. */
  get isClosing(): boolean {
    return this.#closing;
  }

  /** The last answer is being looked up: the connection waits for it even if its listener ends. */
  expect(): void {
    this.#expected = true;
  }

  /** Sends a whole message; `last`: and ends the connection after it. */
  send(message: Buffer, last: boolean): void {
    this.#expected = false;
    if (this.#closing || this.#socket.destroyed) return;
    const socket = this.#socket;
    if (this.#connection.held === 0) this.#moved = this.#connection.clock.elapsed();
    if (!this.#waits && message.length <= slice && socket.writableLength < window) {
      socket.write(message, this.#flushed);
    } else {
      this.#waiting.push(message);
      this.#pump();
      if (this.#waits) socket.pause();
    }
    this.#connection.hold(this.#holds);
    if (last) this.close();
  }

  close(): void {
    if (this.#closing || this.#expected) return;
    this.#closing = true;
    if (!this.#waits) this.#end();
  }

  get #waits(): boolean {
    return this.#next < this.#waiting.length;
  }

  get #holds(): number {
    // In clear, and encrypted once more.
    return 2 * this.#socket.writableLength + (this.#waiting.length - this.#next) * entryBytes;
  }

  /** Fills the window with waiting answers. */
  #pump(): void {
    const socket = this.#socket;
    while (socket.writableLength < window) {
      const message = this.#waiting[this.#next];
      if (message === undefined) break;
      const end = this.#sent + slice;
      socket.write(message.subarray(this.#sent, end), this.#flushed);
      this.#sent = end;
      if (end < message.length) continue;
      this.#sent = 0;
      this.#next += 1;
    }
    if (this.#waits) return;
    this.#waiting = [];
    this.#next = 0;
  }

  #end(): void {
    this.#connection.closing();
    this.#close();
  }

  /** The client has read something. */
  readonly #flushed = (): void => {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const waited = this.#waits;
    this.#moved = this.#connection.clock.elapsed();
    if (waited) this.#pump();
    this.#connection.hold(this.#holds);
    if (!waited || this.#waits) return;
    if (this.#closing) this.#end();
    else socket.resume();
  };
}
