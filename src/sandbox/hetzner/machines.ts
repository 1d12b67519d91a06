/** The order of a server, for the program that runs its machine. */
export interface MachineOrder {
  readonly id: number;
  readonly name: string;
  readonly architecture: "x86" | "arm";
  /** Name of the image, such as `debian-12`. */
  readonly image: string;
  readonly location: string;
  /** As sent, which may be base64 of anything. */
  readonly userData: string;
  /** Public keys as OpenSSH writes them. */
  readonly sshKeys: readonly string[];
  readonly ipv4: string | undefined;
  /** The network of its IPv6 address, a /64; the machine itself is `::1` in it. */
  readonly ipv6: string | undefined;
}

/** A machine behind a server. Each call resolves when it is done; if it throws, the API's action ends in `error`. */
export interface StandInMachine {
  powerOn(): Promise<void>;
  /** Cuts the power. */
  powerOff(): Promise<void>;
  /** Requests a shutdown from the machine's system; resolves when that was requested. */
  shutdown(): Promise<void>;
  /** Requests a reboot from the machine's system; resolves when that was requested. */
  reboot(): Promise<void>;
  /** Resets it without a request. */
  reset(): Promise<void>;
  /** Ends it and removes its disk. */
  remove(): Promise<void>;
  /** Whether it runs; false too when it has ended by itself. */
  isOn(): boolean;
}

/** Makes the machine of a server, which is off at first. */
export type MachineMaker = (order: MachineOrder) => StandInMachine;
