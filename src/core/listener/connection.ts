import type { Socket } from "node:net";
import type { ConnectionLimits } from "./limits.ts";
import type { LoopClock } from "./loop-clock.ts";
import type { Network } from "./networks.ts";

/** The state of a connection. Closing: our side has closed, the other has not yet. */
export type ConnectionStage = "handshake" | "open" | "closing";

/** The HTTP that is spoken on a connection, as far as the bounds on connections need it. */
export interface Protocol {
  readonly name: "http/1.1" | "h2";
  /** Since when the client has taken nothing of what waits for it; undefined where nothing waits. */
  readonly stalledSince: number | undefined;
  /** Lets what was asked for end, and takes no more. */
  close(): void;
  /** Ends it because a request does not complete, and answers so if it can: true if it did. */
  timeOut(): boolean;
}

/** Why a connection ends, where the client is at fault; `idle` and `aged`: where it is not. */
export type EndReason = "too-slow" | "flood" | "idle" | "aged";

/** What is the same for all connections. */
export interface ConnectionsContext {
  readonly clock: LoopClock;
  readonly limits: ConnectionLimits;
  /** So many more bytes are held for a connection, or fewer. */
  readonly onHeld: (connection: Connection, more: number) => void;
  /** It now owes an answer, or no longer does. */
  readonly onAnswering: (connection: Connection, more: 1 | -1) => void;
  /** So many bytes are no longer needed, and wait for V8 to collect them. */
  readonly onDropped: (bytes: number) => void;
}

/** What one request may weigh beside its header section: frames, TLS records. */
const framing = 1024;

/** Milliseconds in which a connection that has just come may make its request while its listener ends. */
const drainGrace = 1000;

/** Milliseconds in which a new connection is ended only after the older ones of its network. */
const youth = 2000;

/** One TCP connection, from its acceptance to its close. All times are its clock's. */
export class Connection {
  readonly socket: Socket;
  /** The listener that it came by. */
  readonly listener: object;
  readonly network: Network<Connection>;
  readonly accepted: number;
  readonly clock: LoopClock;
  readonly #limits: ConnectionLimits;
  readonly #onHeld: ConnectionsContext["onHeld"];
  readonly #onAnswering: ConnectionsContext["onAnswering"];
  /** What was read of it is no longer needed; V8 does not see how much that is. */
  readonly dropped: ConnectionsContext["onDropped"];
  #stage: ConnectionStage = "handshake";
  /** When its stage began. */
  #since: number;
  #protocol: Protocol | undefined;
  #over: Socket | undefined;
  #draining = false;
  #requests = 0;
  #requestedAt = 0;
  /** Whole requests that wait for their answers. */
  #answering = 0;
  /** A request is under way whose header section has come, and its content not yet. */
  #asking = false;
  /** Bytes of contents of whole requests, since the last look. */
  #contents = 0;
  #held = 0;
  #maxHeld = 0;
  #gone = false;
  // As of the last check.
  #seenBytes = 0;
  #seenRequests = 0;
  #lookedAt: number;
  /** Bytes that belong to no request. */
  #overhead = 0;
  /** Since when a request is under way that has not come to the end of its header section. */
  #unfinishedSince: number | undefined;

  constructor(
    input: Pick<Connection, "socket" | "listener" | "network">,
    { clock, limits, onHeld, onAnswering, onDropped }: ConnectionsContext,
  ) {
    this.socket = input.socket;
    this.listener = input.listener;
    this.network = input.network;
    this.clock = clock;
    this.accepted = clock.elapsed();
    this.#limits = limits;
    this.#onHeld = onHeld;
    this.#onAnswering = onAnswering;
    this.dropped = onDropped;
    this.#since = this.accepted;
    this.#lookedAt = this.accepted;
  }

  get stage(): ConnectionStage {
    return this.#stage;
  }

  /** What is spoken on it, once that is decided. */
  get speaks(): Protocol["name"] | undefined {
    return this.#protocol?.name;
  }

  /** Bytes held for the client: of answers that it has not taken, and of a request that has not come to its end. */
  get held(): number {
    return this.#held;
  }

  /** The most that was held at one time. */
  get maxHeld(): number {
    return this.#maxHeld;
  }

  /** Whether its listener ends, so that it makes no further request. */
  get draining(): boolean {
    return this.#draining;
  }

  /** The protocol is decided, and spoken over this socket: the TCP socket, or the TLS socket over it. */
  open(protocol: Protocol, over: Socket): void {
    this.#stage = "open";
    this.#since = this.clock.elapsed();
    this.#protocol = protocol;
    this.#over = over;
  }

  /** Our side has closed. */
  closing(): void {
    if (this.#stage === "closing") return;
    this.#stage = "closing";
    this.#since = this.clock.elapsed();
  }

  /** A request has begun to come that has content, and is read. */
  asking(): void {
    this.#asking = true;
    this.#unfinishedSince = this.clock.elapsed();
  }

  /** A request has come, with so many bytes of content. */
  requested(content = 0): void {
    if (this.#asking) this.#unfinishedSince = undefined;
    this.#asking = false;
    this.#requests += 1;
    this.#contents += content;
    this.#requestedAt = this.clock.elapsed();
  }

  /** A complete request waits for its answer, or no longer does: meanwhile it makes room for no other. */
  answering(more: 1 | -1): void {
    if (this.#gone) return;
    const before = this.#answering;
    this.#answering += more;
    this.#requestedAt = this.clock.elapsed();
    if (before === 0 || this.#answering === 0) this.#onAnswering(this, more);
  }

  /** So many bytes are held from now on. */
  hold(bytes: number): void {
    const more = bytes - this.#held;
    if (more === 0 || this.#gone) return;
    this.#held = bytes;
    if (bytes > this.#maxHeld) this.#maxHeld = bytes;
    // Idle, and closing, begin when the last answer was taken.
    if (bytes === 0) {
      const now = this.clock.elapsed();
      this.#requestedAt = now;
      if (this.#stage === "closing") this.#since = now;
    }
    this.#onHeld(this, more);
  }

  /** It is gone: nothing is held for it any more. */
  release(): void {
    this.hold(0);
    if (this.#answering > 0) this.#onAnswering(this, -1);
    this.#gone = true;
  }

  /** Its listener ends: what was asked for is answered. A connection that comes just now may still make a request. */
  drain(): void {
    this.#draining = true;
    if (this.#requests > 0 || this.#protocol?.name === "h2") this.close();
  }

  /** Ends it politely: what was asked for is answered, where it speaks. */
  close(): void {
    if (this.#protocol === undefined) this.socket.destroy();
    else this.#protocol.close();
  }

  /**
   * Ends it at once. Never to be called from within its own handshake or requests: Node's TLS and HTTP/2 keep reading
   * what they were called back for, and would do so from freed memory (SIGSEGV in Node 26).
   */
  destroy(): void {
    (this.#over ?? this.socket).destroy();
  }

  /** Ends it for taking too long; false where that has to be done without a word. */
  timeOut(): boolean {
    const mayAnswer = this.#stage === "open" && this.#held === 0;
    return mayAnswer && this.#protocol?.timeOut() === true;
  }

  /** Why it is to be ended, if it is. Called at every look, since it counts from look to look. */
  endReason(): EndReason | undefined {
    const now = this.clock.elapsed();
    if (this.#floods(now)) return "flood";
    if (this.#mayGo(now)) return "idle";
    const [from, allowed, reason] = this.#allowance();
    if (now - from >= allowed) return reason;
    const aged = this.#protocol?.name === "h2" && now - this.#since >= this.#limits.http2SessionAge;
    return aged && this.#stage === "open" ? "aged" : undefined;
  }

  /**
   * Which connection makes room first, when places run out: the lowest rank, and of the same the one that came or asked
   * first. One that sent nothing goes before one that was answered; then new ones, then those being answered. Infinity:
   * its request has come whole and waits for its answer, so that it never goes.
   */
  get rank(): readonly [rank: number, since: number] {
    if (this.#answering > 0) return [Infinity, 0];
    const [rank, since] = this.#order;
    const isYoung = rank > 0 && rank < 5 && this.clock.elapsed() - this.accepted < youth;
    return [isYoung ? 5 + rank / 10 : rank, since];
  }

  /** The same, however long it has been there. */
  get #order(): readonly [rank: number, since: number] {
    if (this.#stage === "closing") return [0, this.#since];
    if (this.#stage === "handshake") return [this.socket.bytesRead === 0 ? 1 : 3, this.accepted];
    if (this.#asking) return [2, this.#unfinishedSince ?? this.accepted];
    if (this.#held > 0) return [6, this.#protocol?.stalledSince ?? this.#since];
    return this.#requests === 0 ? [2, this.accepted] : [4, this.#requestedAt];
  }

  /** Whether its listener, which ends, need not wait for it. */
  #mayGo(now: number): boolean {
    if (!this.#draining || this.#stage === "closing" || this.#held + this.#answering > 0) return false;
    return this.#requests > 0 || now - this.accepted >= drainGrace;
  }

  /** When its allowance for what it does now began, how long that is, and why it ends afterwards. */
  #allowance(): readonly [from: number, allowed: number, reason: EndReason] {
    const { handshakeTimeout, answerTimeout, closingTimeout, requestTimeout, keepAliveTimeout } =
      this.#limits;
    if (this.#stage === "handshake") return [this.#since, handshakeTimeout, "too-slow"];
    const stalled = this.#protocol?.stalledSince;
    if (stalled !== undefined) return [stalled, answerTimeout, "too-slow"];
    if (this.#stage === "closing") return [this.#since, closingTimeout, "too-slow"];
    // It waits for us.
    if (this.#answering > 0) return [this.#requestedAt, Infinity, "idle"];
    if (this.#requests === 0) return [this.#since, requestTimeout, "too-slow"];
    if (this.#unfinishedSince !== undefined) return [this.#unfinishedSince, requestTimeout, "too-slow"];
    return [this.#requestedAt, keepAliveTimeout, "idle"];
  }

  /** Whether more came than its requests can have brought, by a bucket that empties slowly. */
  #floods(now: number): boolean {
    const { headerBytes, overheadBurst, overheadRate } = this.#limits;
    const bytes = this.socket.bytesRead - this.#seenBytes;
    const requests = this.#requests - this.#seenRequests;
    const owed = requests * (headerBytes + framing) + this.#contents;
    const leaked = ((now - this.#lookedAt) / 1000) * overheadRate + owed;
    this.#overhead = Math.max(0, this.#overhead + bytes - leaked);
    this.#contents = 0;
    if (requests > 0 && !this.#asking) this.#unfinishedSince = undefined;
    // Over HTTP/2 bytes need not belong to a request, and header sections come whole or not at all.
    else if (bytes > 0 && this.#protocol?.name === "http/1.1") this.#unfinishedSince ??= this.#lookedAt;
    this.#seenBytes += bytes;
    this.#seenRequests = this.#requests;
    this.#lookedAt = now;
    return this.#overhead > overheadBurst;
  }
}
