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
