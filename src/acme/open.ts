import type { AcmeClient, AcmeClientOptions } from "./client.ts";

/** A client for one CA; nothing is sent yet. Throws `acme-directory-invalid` for a URL that is not verified HTTPS. */
export declare function openAcme(options: AcmeClientOptions): AcmeClient;
