import type { ServedPage } from "../support/issuer-server.ts";
import { host, page, type paths, type DoctorWorld } from "./world.ts";

/** Breaks one real part of a world. */
export type Fault = (world: DoctorWorld) => Promise<void>;

export const day = 86_400_000;

/** An error as S3 writes it. */
export const xml = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`;

/** An issuer of which one document is answered like this. */
export function withPage(document: keyof typeof paths, change: ServedPage): Fault {
  return async (world) => {
    page(await world.start(), document, change);
  };
}

/** Both documents are answered like this. */
export const both =
  (change: ServedPage): Fault =>
  async (world) => {
    const server = await world.start();
    page(server, "discovery", change);
    page(server, "jwks", change);
  };

/** An issuer whose certificate is good from here to there, in milliseconds from now. */
export const dated =
  (notBefore: number, notAfter: number): Fault =>
  async (world) => {
    const dates = { notBefore: new Date(Date.now() + notBefore), notAfter: new Date(Date.now() + notAfter) };
    await world.start({ certificate: await world.authority.issue([host], dates) });
  };
