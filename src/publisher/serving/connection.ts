import type { Socket } from "node:net";
import type { ServingLimits } from "./limits.ts";
import type { ClientAddress, Network } from "./networks.ts";

/** What a connection has come to. Closing: our side has said goodbye, the other has not yet. */
export type Stage = "handshake" | "open" | "closing";

/** The HTTP that is spoken on a connection, as far as the bounds on connections need it. */
export interface Protocol {
  readonly name: "http/1.1" | "h2";
  /** Since when the client has taken nothing of what waits for it; undefined where nothing waits. */
  readonly stalledSince: number | undefined;
  /** Lets what was asked for end, and takes no more. */
  close(): void;
}

/** Why a connection ends, where the client is at fault; `idle` and `aged`: where nobody is. */
export type EndReason = "too-slow" | "flood" | "idle" | "aged";

/** What one request may weigh beside its header section: frames, TLS records. */
const framing = 1024;

/** Milliseconds in which a connection that has just come may make its request while its listener ends. */
const drainGrace = 1000;

/** One TCP connection, from its acceptance to its close. All times as of performance.now(). */
export class Connection {
  readonly socket: Socket;
  /** The listener that it came by. */
  readonly listener: object;
  readonly client: ClientAddress;
  readonly network: Network<Connection>;
  readonly accepted: number;
  stage: Stage = "handshake";
  /** When its stage began. */
  since: number;
  protocol: Protocol | undefined;
  /** A listener that ends lets it make no further request. */
  draining = false;
  #requests = 0;
  #requestedAt = 0;
  #held = 0;
  #gone = false;
  readonly #onHeld: (connection: Connection, more: number) => void;
  // For the bytes that belong to no request.
  #seenBytes = 0;
  #seenRequests = 0;
  #overhead = 0;
  #looked: number;

  constructor(
    input: Pick<Connection, "socket" | "listener" | "client" | "network" | "accepted">,
    onHeld: (connection: Connection, more: number) => void,
  ) {
    this.socket = input.socket;
    this.listener = input.listener;
    this.client = input.client;
    this.network = input.network;
    this.accepted = input.accepted;
    this.since = input.accepted;
    this.#looked = input.accepted;
    this.#onHeld = onHeld;
  }

  /** Bytes held for the client of answers that it has not taken. */
  get held(): number {
    return this.#held;
  }

  /** The protocol is decided. */
  open(protocol: Protocol, now: number): void {
    this.stage = "open";
    this.since = now;
    this.protocol = protocol;
  }

  /** Our side has said goodbye. */
  closing(now: number): void {
    if (this.stage === "closing") return;
    this.stage = "closing";
    this.since = now;
  }

  /** A request has come. */
  requested(now: number): void {
    this.#requests += 1;
    this.#requestedAt = now;
  }

  /** So many bytes are held from now on. */
  hold(bytes: number, now: number): void {
    const more = bytes - this.#held;
    if (more === 0 || this.#gone) return;
    this.#held = bytes;
    // Idle, and closing, begin when the last answer was taken.
    if (bytes === 0) {
      this.#requestedAt = Math.max(this.#requestedAt, now);
      if (this.stage === "closing") this.since = now;
    }
    this.#onHeld(this, more);
  }

  /** It is gone: nothing is held for it any more. */
  release(now: number): void {
    this.hold(0, now);
    this.#gone = true;
  }

  /** Its listener ends: what was asked for is answered. Whoever comes just now may still make a request. */
  drain(): void {
    this.draining = true;
    if (this.#requests > 0 || this.protocol?.name === "h2") this.close();
  }

  /** Ends it politely: what was asked for is answered, where it speaks. */
  close(): void {
    if (this.protocol === undefined) this.socket.destroy();
    else this.protocol.close();
  }

  /** Why it is to be ended, if it is. Called at every look, since it counts bytes from look to look. */
  endReason(now: number, limits: ServingLimits): EndReason | undefined {
    if (this.#floods(now, limits)) return "flood";
    if (this.#mayGo(now)) return "idle";
    const [from, allowed, reason] = this.#allowance(limits);
    if (now - from >= allowed) return reason;
    const aged = this.protocol?.name === "h2" && now - this.since >= limits.http2SessionAge;
    return aged && this.stage === "open" ? "aged" : undefined;
  }

  /** Whether its listener, which ends, need not wait for it. */
  #mayGo(now: number): boolean {
    if (!this.draining || this.stage === "closing" || this.#held > 0) return false;
    return this.#requests > 0 || now - this.accepted >= drainGrace;
  }

  /** From when on it has how long for what it does, and why it ends afterwards. */
  #allowance(limits: ServingLimits): readonly [from: number, allowed: number, reason: EndReason] {
    if (this.stage === "handshake") return [this.since, limits.handshakeTimeout, "too-slow"];
    const stalled = this.protocol?.stalledSince;
    if (stalled !== undefined) return [stalled, limits.answerTimeout, "too-slow"];
    if (this.stage === "closing") return [this.since, limits.closingTimeout, "too-slow"];
    if (this.#requests === 0) return [this.since, limits.requestTimeout, "too-slow"];
    return [this.#requestedAt, limits.keepAliveTimeout, "idle"];
  }

  /**
   * Who makes room first, when places run out: the lowest rank, and of the same the one that came or asked
   * first. Whoever has said nothing goes before whoever has been answered; who is being answered goes last.
   */
  get rank(): readonly [rank: number, since: number] {
    if (this.stage === "closing") return [0, this.since];
    if (this.stage === "handshake") return [this.socket.bytesRead === 0 ? 1 : 3, this.accepted];
    if (this.#held > 0) return [5, this.protocol?.stalledSince ?? this.since];
    return this.#requests === 0 ? [2, this.accepted] : [4, this.#requestedAt];
  }

  /** Whether more came than its requests can have brought, by a bucket that empties slowly. */
  #floods(now: number, { headerBytes, overheadBurst, overheadRate }: ServingLimits): boolean {
    const bytes = this.socket.bytesRead - this.#seenBytes;
    const requests = this.#requests - this.#seenRequests;
    const leaked = ((now - this.#looked) / 1000) * overheadRate + requests * (headerBytes + framing);
    this.#overhead = Math.max(0, this.#overhead + bytes - leaked);
    this.#seenBytes += bytes;
    this.#seenRequests = this.#requests;
    this.#looked = now;
    return this.#overhead > overheadBurst;
  }
}
