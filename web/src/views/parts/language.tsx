import { locale, setLocale, t } from "@/i18n";

export function LanguageChoice() {
  return (
    <div class="choice" role="group" aria-label={t("pref.language")}>
      {(["zh", "en"] as const).map((code) => (
        <button
          key={code}
          type="button"
          lang={code === "zh" ? "zh-Hans" : "en"}
          aria-pressed={locale.value === code}
          onClick={() => setLocale(code)}
        >
          {t(`language.${code}`)}
        </button>
      ))}
    </div>
  );
}
