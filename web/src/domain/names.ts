/** A text in the two languages of the interface. */
export interface Name {
  zh: string;
  en: string;
}

export type Locale = "zh" | "en";

export function inLanguage(name: Name | null | undefined, locale: Locale): string {
  if (name == null) {
    return "";
  }
  return name[locale] || name.zh || name.en;
}

/** A machine's code with its name; a name that is the code again is not said twice. */
export function codeAndName(code: string, name: string): string {
  return name === "" || name.trim().toLowerCase() === code.trim().toLowerCase() ? code : `${code} ${name}`;
}
