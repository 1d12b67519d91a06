/** An option as it is typed, by the name that its value has when it is parsed: `--client-id` of `clientId`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}
