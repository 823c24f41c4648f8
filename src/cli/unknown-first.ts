/** An option that doesn't exist is named before any that is missing: with a typing error the two are one mistake. */
import type { Command, Option } from "commander";

/** Commander's message, which names the nearest option; its types leave the method out. */
type Refusing = Command & { unknownOption(flag: string): void };

/** Makes a command check the names of all options before their values, and before those that it requires. */
export function refuseUnknownFirst(command: Command): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => {
    const flag = unknownOf(command, words);
    if (flag !== undefined) (command as Refusing).unknownOption(flag);
    return parse(words);
  };
}

function unknownOf({ options }: Command, words: readonly string[]): string | undefined {
  if (words.includes("--help") || words.includes("-h")) return undefined;
  const end = words.indexOf("--");
  let isValue = false;
  for (const word of words.slice(0, end < 0 ? undefined : end)) {
    const [name] = word.split("=", 1);
    const option: Option | undefined = isValue ? undefined : options.find(({ long }) => long === name);
    if (!isValue && !option && word.startsWith("--")) return name;
    isValue = option?.required === true && !word.includes("=");
  }
  return undefined;
}
