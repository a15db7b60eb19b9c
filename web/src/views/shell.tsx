import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { expired, session, signOut } from "@/api/session";
import { wantsNote } from "@/domain/alarms";
import { type Key, locale, t } from "@/i18n";
import { sendLeaving } from "@/sync/leaving";
import { Icon, type IconName } from "./parts/icon";
import { LanguageChoice } from "./parts/language";
import { Modal } from "./parts/modal";
import { OtherPerson } from "./parts/otherperson";
import { SyncLineView } from "./parts/syncline";
import { useStandingAlarms } from "./state/alarms";
import { operations, reachable } from "./state/device";
import { helpOpen } from "./state/keys";
import { setTheme, type Theme, theme } from "./state/prefs";
import { navigate, path } from "./state/router";
import { takeOver, updateReady } from "./state/update";

export const PAGES: readonly [href: string, key: Key, icon: IconName][] = [
  ["/", "nav.morning", "morning"],
  ["/today", "nav.today", "shift"],
  ["/tickets", "nav.tickets", "tickets"],
  ["/assets", "nav.assets", "assets"],
  ["/alarms", "nav.alarms", "bell"],
  ["/live", "nav.live", "live"],
  ["/plan", "nav.plan", "plan"],
  ["/health", "nav.health", "health"],
];
const TABS = PAGES.slice(0, 4);

const OWN: Record<string, string> = { orders: "/today" };

function isHere(href: string): boolean {
  const first = path.value.split("/")[1] ?? "";
  const at = OWN[first] ?? `/${first}`;
  return at === href;
}

const current = (href: string): "page" | undefined => (isHere(href) ? "page" : undefined);

function ThemeChoice() {
  return (
    <div class="choice" role="group" aria-label={t("pref.theme")}>
      {(["system", "light", "dark"] as const satisfies readonly Theme[]).map((name) => (
        <button key={name} type="button" aria-pressed={theme.value === name} onClick={() => setTheme(name)}>
          {t(`theme.${name}`)}
        </button>
      ))}
    </div>
  );
}

function Settings({ onClose }: { onClose: () => void }) {
  const user = session.value?.user;
  const unsent = operations.value.filter((op) => op.status === "waiting").length;
  const leave = (): void => {
    signOut();
    void sendLeaving();
    onClose();
    navigate("/sign-in", true);
  };
  return (
    <div class="stack">
      <div>
        <div class="strong">{user?.name || user?.username}</div>
        <div class="xs">
          {[...new Set((user?.grants ?? []).map((g) => t(`role.${g.role}` as Key)))].join(", ")}
        </div>
      </div>
      <div class="stack-s">
        <div class="xs">{t("pref.language")}</div>
        <LanguageChoice />
      </div>
      <div class="stack-s">
        <div class="xs">{t("pref.theme")}</div>
        <ThemeChoice />
      </div>
      {unsent > 0 && <p class="xs">{t("signout.unsent", { n: unsent })}</p>}
      <button type="button" class="btn small wide" onClick={leave}>
        {t("action.sign_out")}
      </button>
      <p class="xs">{t("app.version", { version: __VERSION__ })}</p>
    </div>
  );
}

function UserMenu() {
  const open = useSignal(false);
  const user = session.value?.user;
  return (
    <div
      class="menu"
      role="group"
      aria-label={t("nav.settings")}
      onKeyDown={(e) => {
        if (e.key === "Escape") {
          open.value = false;
        }
      }}
      onFocusOut={(e) => {
        if (e.relatedTarget !== null && !e.currentTarget.contains(e.relatedTarget as Node)) {
          open.value = false;
        }
      }}
    >
      <button
        type="button"
        class="btn icon-only"
        aria-expanded={open.value}
        aria-label={t("nav.account", { name: user?.name || user?.username || "" })}
        data-menu
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name="user" />
      </button>
      {open.value && (
        <div class="menu-panel">
          <Settings
            onClose={() => {
              open.value = false;
            }}
          />
        </div>
      )}
    </div>
  );
}

function Search() {
  return (
    <form
      class="searchbox"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        const input = e.currentTarget.elements.namedItem("text") as HTMLInputElement;
        const text = input.value.trim();
        navigate(
          /^#?\d+$/.test(text)
            ? `/tickets?list=all&text=${encodeURIComponent(text)}`
            : `/assets?text=${encodeURIComponent(text)}`,
        );
      }}
    >
      <Icon name="search" />
      <input
        class="input"
        name="text"
        type="search"
        data-search
        aria-label={t("nav.search")}
        placeholder={t("nav.search")}
      />
      <kbd>/</kbd>
    </form>
  );
}

function Notices() {
  return (
    <div class="notices">
      {!reachable.value && (
        <div class="note warn" role="status" data-notice="offline">
          <Icon name="offline" />
          <span>{t("notice.offline")}</span>
        </div>
      )}
      <OtherPerson />
      {expired.value && (
        <div class="note warn" role="alert" data-notice="expired">
          <Icon name="user" />
          <span class="grow">{t("notice.expired")}</span>
          <a class="btn small" href={`/sign-in?to=${encodeURIComponent(path.value)}`}>
            {t("signin.submit")}
          </a>
        </div>
      )}
      {updateReady.value && (
        <div class="note" role="status">
          <Icon name="download" />
          <span class="grow">{t("notice.update")}</span>
          <button type="button" class="btn small" onClick={takeOver}>
            {t("action.reload")}
          </button>
        </div>
      )}
    </div>
  );
}

function More({ onClose }: { onClose: () => void }) {
  return (
    <Modal onClose={onClose}>
      <div class="stack">
        <h2>{t("nav.more")}</h2>
        <div class="options">
          {PAGES.slice(4).map(([href, key, icon]) => (
            <a key={href} class="btn wide option" href={href} onClick={onClose}>
              <Icon name={icon} />
              {t(key)}
              {href === "/alarms" && <AlarmCount />}
            </a>
          ))}
        </div>
        <Settings onClose={onClose} />
      </div>
    </Modal>
  );
}

function KeyHelp() {
  const keys: [string[], Key][] = [
    [["/"], "keys.search"],
    [["j", "k"], "keys.move"],
    [["Enter"], "keys.open"],
    [["g", "m"], "keys.morning"],
    [["g", "t"], "keys.tickets"],
    [["g", "a"], "keys.assets"],
    [["g", "n"], "keys.alarms"],
    [["?"], "keys.help"],
  ];
  return (
    <Modal
      onClose={() => {
        helpOpen.value = false;
      }}
    >
      <div class="stack">
        <h2>{t("keys.title")}</h2>
        <dl class="keys">
          {keys.map(([names, key]) => (
            <>
              <dt key={key}>
                {names.map((n) => (
                  <kbd key={n}>{n}</kbd>
                ))}
              </dt>
              <dd>{t(key)}</dd>
            </>
          ))}
        </dl>
      </div>
    </Modal>
  );
}

/** How many alarms nobody has taken note of; asked for on every page, for the list is behind another button there. */
function AlarmCount() {
  const { data } = useStandingAlarms();
  const n = (data ?? []).filter(wantsNote).length;
  return n === 0 ? null : (
    <span class="count" data-alarm-count={n} title={t("alarms.badge", { n })}>
      <span aria-hidden="true">{n > 99 ? "99+" : n}</span>
      <span class="hidden-label">{t("alarms.badge", { n })}</span>
    </span>
  );
}

/** All pages, on a desk. */
function Side() {
  return (
    <nav class="side" aria-label={t("nav.label")}>
      <div class="side-inner">
        {PAGES.map(([href, key, icon]) => (
          <a key={href} href={href} aria-current={current(href)}>
            <Icon name={icon} />
            {t(key)}
            {href === "/alarms" && <AlarmCount />}
          </a>
        ))}
        <hr />
        <button
          type="button"
          onClick={() => {
            helpOpen.value = true;
          }}
        >
          <Icon name="help" />
          {t("keys.title")}
        </button>
      </div>
    </nav>
  );
}

/** The pages within thumb's reach; the others are behind the last one. */
function Tabs({ onMore }: { onMore: () => void }) {
  return (
    <nav class="tabs" aria-label={t("nav.label")}>
      {TABS.map(([href, key, icon]) => (
        <a key={href} href={href} aria-current={current(href)}>
          <Icon name={icon} />
          {t(key)}
        </a>
      ))}
      <button
        type="button"
        aria-current={PAGES.slice(4).some(([href]) => isHere(href)) ? "page" : undefined}
        onClick={onMore}
      >
        <Icon name="more" />
        {t("nav.more")}
        <AlarmCount />
      </button>
    </nav>
  );
}

/** What stands around every page: sidebar on a desk, bar at the bottom in the hand. */
export function Shell({ children }: { children: ComponentChildren }) {
  const more = useSignal(false);
  void locale.value;
  return (
    <div class="shell">
      <a class="btn primary small skip" href="#main" target="_self">
        {t("nav.skip")}
      </a>
      <header class="topbar">
        <a class="brand" href="/">
          <img src="/favicon.svg" alt="Plantroom" />
          <b>Plantroom</b>
        </a>
        <span class="grow" />
        <Search />
        <SyncLineView />
        <UserMenu />
      </header>
      <Notices />
      <Side />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Tabs
        onMore={() => {
          more.value = true;
        }}
      />
      {more.value && (
        <More
          onClose={() => {
            more.value = false;
          }}
        />
      )}
      {helpOpen.value && <KeyHelp />}
    </div>
  );
}
