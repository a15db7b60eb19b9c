import type { ComponentChildren } from "preact";
import type { Failure } from "@/api/http";
import { t } from "@/i18n";
import { Icon, type IconName } from "./icon";

/** Grey blocks of the size of what will come, so that nothing jumps when it does. */
export function Skeleton({ height = 40, count = 1 }: { height?: number; count?: number }) {
  return (
    <div class="stack-s" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: count }, (_, i) => (
        <span key={i} class="skeleton" style={{ height: `${height}px` }} />
      ))}
    </div>
  );
}

export function Empty({
  text,
  icon = "check",
  big = false,
  children,
}: {
  text: string;
  icon?: IconName;
  big?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <div class={big ? "empty big" : "empty"}>
      <Icon name={icon} />
      <span>{text}</span>
      {children}
    </div>
  );
}

/** What went wrong in one sentence, and the way on. */
export function Failed({
  failure,
  detail,
  again,
  old = false,
}: {
  failure: Failure;
  detail: string;
  again: () => void;
  old?: boolean;
}) {
  const icon = failure === "offline" ? "offline" : "alert";
  return (
    <div class="note warn" role="alert">
      <Icon name={icon} />
      <div class="grow stack-s">
        <div>{t(old && failure === "offline" ? "failure.offline_old" : `failure.${failure}`)}</div>
        {failure === "refused" && detail !== "" && <div class="xs">{detail}</div>}
      </div>
      <button type="button" class="btn small" onClick={again}>
        {t("action.again")}
      </button>
    </div>
  );
}

/** As `Failed`, for what comes out of the readings store: the rest of the page may be all there without it. */
export function ReadingsFailed({
  failure,
  again,
  old = false,
}: {
  failure: Failure;
  again: () => void;
  old?: boolean;
}) {
  if (failure !== "away") {
    return <Failed failure={failure} detail="" again={again} old={old} />;
  }
  return (
    <div class="note warn" role="alert" data-readings-away>
      <Icon name="alert" />
      <div class="grow">{t(old ? "failure.readings_away_old" : "failure.readings_away")}</div>
      <button type="button" class="btn small" onClick={again}>
        {t("action.again")}
      </button>
    </div>
  );
}

interface Answer<T> {
  data: T | undefined;
  failure: Failure | null;
  detail: string;
  again: () => void;
}

/** The four states of everything that is asked of the server: loading, failed, empty and there. */
export function Answered<T>({
  of,
  skeleton,
  children,
}: {
  of: Answer<T>;
  skeleton: ComponentChildren;
  children: (data: T) => ComponentChildren;
}) {
  return (
    <>
      {of.failure !== null && (
        <div class="answer-failed">
          <Failed failure={of.failure} detail={of.detail} again={of.again} old={of.data !== undefined} />
        </div>
      )}
      {of.data !== undefined ? children(of.data) : of.failure === null ? skeleton : null}
    </>
  );
}
