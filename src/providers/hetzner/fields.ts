import { isIP } from "node:net";
import { isRecord, type JsonRecord, PodtrustError, textOf } from "../../core/base/index.ts";

function invalid(where: string, what: string): PodtrustError {
  return new PodtrustError("hetzner-answer-invalid", `Hetzner's answer: ${where} is ${what}`, {
    detail: { field: where },
  });
}

/**
 * An object of an answer, whose fields are read one by one and checked as they are. Other fields are ignored. Every
 * method throws `hetzner-answer-invalid`.
 */
export class AnswerFields {
  readonly #record: JsonRecord;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw invalid(where, "no object");
    this.#record = value;
    this.#where = where;
  }

  #at(name: string): string {
    return `${this.#where}.${name}`;
  }

  /** Absent and null are one. */
  has(name: string): boolean {
    return this.#record[name] !== undefined && this.#record[name] !== null;
  }

  /** A number of 1 to 2^53 − 1, as ids are. */
  id(name: string): number {
    const value = this.#record[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw invalid(this.#at(name), "no id");
  }

  /** A number; `defaultValue` where there is none. */
  number(name: string, defaultValue: number): number {
    const value = this.#record[name] ?? defaultValue;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw invalid(this.#at(name), "no number");
  }

  text(name: string): string {
    const value = textOf(this.#record[name]);
    if (value !== undefined) return value;
    throw invalid(this.#at(name), "no text");
  }

  /** An IP address, or the network of one with its length behind a slash: what programs are given as an argument. */
  address(name: string): string {
    const text = this.text(name);
    const [address = "", length = "0", ...more] = text.split("/");
    const isAddress = isIP(address) !== 0 && !address.includes("%");
    if (isAddress && more.length === 0 && /^\d{1,3}$/u.test(length)) return text;
    throw invalid(this.#at(name), "no IP address");
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  /** True or false; false where there is none. */
  flag(name: string): boolean {
    const value = this.#record[name] ?? false;
    if (typeof value === "boolean") return value;
    throw invalid(this.#at(name), "neither true nor false");
  }

  fields(name: string): AnswerFields {
    return new AnswerFields(this.#record[name], this.#at(name));
  }

  optionalFields(name: string): AnswerFields | undefined {
    return this.has(name) ? this.fields(name) : undefined;
  }

  /** A list of objects; empty where there is none. */
  list(name: string): readonly AnswerFields[] {
    return this.#items(name).map((item, index) => new AnswerFields(item, `${this.#at(name)}[${index}]`));
  }

  /** A list that has to be there. */
  neededList(name: string): readonly AnswerFields[] {
    if (!this.has(name)) throw invalid(this.#at(name), "missing");
    return this.list(name);
  }

  texts(name: string): readonly string[] {
    return this.#items(name).map((item, index) => {
      if (typeof item === "string") return item;
      throw invalid(`${this.#at(name)}[${index}]`, "no text");
    });
  }

  #items(name: string): readonly unknown[] {
    const value = this.#record[name] ?? [];
    if (Array.isArray(value)) return value;
    throw invalid(this.#at(name), "no list");
  }

  /** Labels: an object of texts. */
  labels(name: string): Readonly<Record<string, string>> {
    const value = this.#record[name] ?? {};
    if (isRecord(value) && Object.values(value).every((one) => typeof one === "string")) {
      return value as Readonly<Record<string, string>>;
    }
    throw invalid(this.#at(name), "no object of texts");
  }
}
