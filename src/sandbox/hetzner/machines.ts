/** What a server was ordered with, for whoever runs its machine. */
export interface MachineOrder {
  readonly id: number;
  readonly name: string;
  readonly architecture: "x86" | "arm";
  /** Name of the image, such as `debian-12`. */
  readonly image: string;
  readonly location: string;
  /** As it was sent, which may be base64 of anything. */
  readonly userData: string;
  /** Public keys as OpenSSH writes them. */
  readonly sshKeys: readonly string[];
  readonly ipv4: string | undefined;
  /** The network of its IPv6 address, a /64; the machine itself is `::1` in it. */
  readonly ipv6: string | undefined;
}

/**
 * A machine behind a server. Each call resolves when that is done, and when it throws the API's action ends in
 * `error`.
 */
export interface StandInMachine {
  powerOn(): Promise<void>;
  /** Pulls the plug. */
  powerOff(): Promise<void>;
  /** Asks the machine's system to end; resolves when it was asked. */
  shutdown(): Promise<void>;
  /** Asks the machine's system to start again; resolves when it was asked. */
  reboot(): Promise<void>;
  /** Starts it again without asking. */
  reset(): Promise<void>;
  /** Ends it and removes its disk. */
  remove(): Promise<void>;
  /** Whether it runs; false too when it has ended by itself. */
  isOn(): boolean;
}

/** Makes the machine of a server, which stays off until it is told. */
export type MachineMaker = (order: MachineOrder) => StandInMachine;
