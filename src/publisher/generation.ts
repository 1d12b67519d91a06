import type { PublisherOptions } from "./contract.ts";
import { type IssuerSettings, settingsOf } from "./settings.ts";

/** What a generation is made for. */
export interface GenerationSpec {
  readonly options: PublisherOptions;
  readonly issuers: readonly IssuerSettings[];
  /** When it was requested; milliseconds of `clock.elapsed()`. */
  readonly askedAt: number;
}

/** A part of the publisher that changes when its options do. */
export interface GenerationPart {
  /** Opens what is wanted beside what is in use. May reject half-way: `cancel` follows. */
  prepare(wanted: GenerationSpec): Promise<void> | void;
  /** Replaces what was in use by what was prepared, and ends what is no longer used. Does not reject. */
  commit(): Promise<void> | void;
  /** Ends what was prepared, and nothing else. Does not reject. */
  cancel(): Promise<void> | void;
}

/**
 * One change of options, of all parts together: prepared beside what is in use, then committed as a whole, or cancelled
 * without effect.
 */
export class Generation {
  readonly #parts: readonly GenerationPart[];

  /** `parts` are prepared and committed in this order, and cancelled in reverse. */
  constructor(parts: readonly GenerationPart[]) {
    this.#parts = parts;
  }

  /** Rejects with what was wrong with the options, or with what could not be opened; the change is then cancelled. */
  async prepare(spec: () => PublisherOptions | Promise<PublisherOptions>, askedAt: number): Promise<void> {
    try {
      const options = await spec();
      const wanted: GenerationSpec = { options, issuers: settingsOf(options), askedAt };
      for (const part of this.#parts) await part.prepare(wanted);
    } catch (error) {
      await this.cancel();
      throw error;
    }
  }

  async commit(): Promise<void> {
    for (const part of this.#parts) await part.commit();
  }

  async cancel(): Promise<void> {
    for (const part of this.#parts.toReversed()) await part.cancel();
  }
}
