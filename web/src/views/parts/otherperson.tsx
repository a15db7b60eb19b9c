import { followOther, other, session } from "@/api/session";
import type { User } from "@/api/types";
import { t } from "@/i18n";
import { operations } from "../state/device";
import { path } from "../state/router";
import { Icon } from "./icon";

const nameOfUser = (user: User): string => user.name || user.username;

/** That somebody else has signed in in this browser, and the ways on: as that person, or signing in again. */
export function OtherPerson({ then }: { then?: (user: User) => void }) {
  const user = other.value?.user;
  if (user === undefined) {
    return null;
  }
  const name = nameOfUser(user);
  const waiting = operations.value.filter((op) => op.status === "waiting").length;
  return (
    <div class="note warn" role="alert" data-notice="other">
      <Icon name="user" />
      <span class="grow">
        {waiting > 0 ? t("notice.other_waiting", { name, n: waiting }) : t("notice.other", { name })}
      </span>
      <button
        type="button"
        class="btn small"
        data-action="follow"
        onClick={() => {
          followOther();
          then?.(user);
        }}
      >
        {t("action.go_on_as", { name })}
      </button>
      {session.value !== null && (
        <a class="btn small" href={`/sign-in?to=${encodeURIComponent(path.value)}`}>
          {t("signin.submit")}
        </a>
      )}
    </div>
  );
}
