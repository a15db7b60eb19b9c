import { type Signal, useSignal } from "@preact/signals";
import { ApiError } from "@/api/http";
import { expired, session, signIn } from "@/api/session";
import type { User } from "@/api/types";
import { t } from "@/i18n";
import { Icon } from "../parts/icon";
import { LanguageChoice } from "../parts/language";
import { OtherPerson } from "../parts/otherperson";
import { operations } from "../state/device";
import { navigate, search } from "../state/router";

function failureText(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return t("signin.error.server");
  }
  switch (error.kind) {
    case "signed_out":
      return t("signin.error.wrong");
    case "throttled":
      return t("signin.error.throttled", {
        minutes: Math.max(1, Math.ceil((error.retryAfterS ?? 300) / 60)),
      });
    case "offline":
      return t("signin.error.offline");
    case "ledger_full":
      return t("signin.error.full");
    case "ledger_away":
      return t("failure.ledger_away");
    default:
      return t("signin.error.server");
  }
}

/** Where a person goes after signing in: where they wanted to go, else to their own first page. */
function nextPage(user: User): string {
  const asked = search.value.get("to");
  const technician = user.grants.length > 0 && user.grants.every((g) => g.role === "technician");
  return asked?.startsWith("/") ? asked : technician ? "/today" : "/";
}

function useSigningIn() {
  const username = useSignal(session.value?.user.username ?? "");
  const password = useSignal("");
  const error = useSignal("");
  const busy = useSignal(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (username.value.trim() === "" || password.value === "") {
      error.value = t("signin.error.missing");
      return;
    }
    busy.value = true;
    error.value = "";
    try {
      const user = await signIn(username.value.trim(), password.value);
      navigate(nextPage(user), true);
    } catch (cause) {
      error.value = failureText(cause);
      busy.value = false;
    }
  };
  return { username, password, error: error.value, busy: busy.value, submit };
}

function ExpiredNote() {
  const waiting = operations.value.filter((op) => op.status === "waiting").length;
  return (
    <div class="note warn">
      <Icon name="clock" />
      <span>{waiting > 0 ? t("signin.expired_waiting", { n: waiting }) : t("signin.expired")}</span>
    </div>
  );
}

function Credentials({ username, password }: { username: Signal<string>; password: Signal<string> }) {
  return (
    <>
      <label class="field">
        <span>{t("signin.username")}</span>
        <input
          class="input"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          value={username.value}
          onInput={(e) => {
            username.value = e.currentTarget.value;
          }}
        />
      </label>
      <label class="field">
        <span>{t("signin.password")}</span>
        <input
          class="input"
          name="password"
          type="password"
          autocomplete="current-password"
          value={password.value}
          onInput={(e) => {
            password.value = e.currentTarget.value;
          }}
        />
      </label>
    </>
  );
}

/** Signing in; also after a session ended, when unsent work waits for the same person. */
export default function SignIn() {
  const { username, password, error, busy, submit } = useSigningIn();
  return (
    <main class="signin">
      <form class="stack" onSubmit={(e) => void submit(e)} noValidate>
        <div class="row between">
          <span class="brand">
            <img src="/favicon.svg" alt="" />
            <b style={{ display: "inline" }}>Plantroom</b>
          </span>
          <LanguageChoice />
        </div>
        <div class="card stack">
          <h1>{t("signin.title")}</h1>
          <OtherPerson then={(user) => navigate(nextPage(user), true)} />
          {expired.value && <ExpiredNote />}
          <Credentials username={username} password={password} />
          {error !== "" && (
            <div class="note bad" role="alert">
              <Icon name="alert" />
              <span>{error}</span>
            </div>
          )}
          <button type="submit" class="btn primary wide" disabled={busy}>
            {t(busy ? "signin.busy" : "signin.submit")}
          </button>
        </div>
        <p class="xs">{t("signin.first")}</p>
      </form>
    </main>
  );
}
