import { useSignal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { useEffect } from "preact/hooks";
import { session } from "@/api/session";
import { locale, t } from "@/i18n";
import { Empty, Failed, Skeleton } from "./parts/states";
import { Shell } from "./shell";
import { startDevice } from "./state/device";
import { startKeys } from "./state/keys";
import { match, navigate, path, startRouter } from "./state/router";
import { startUpdates } from "./state/update";
// The order is part of the looks: of two rules that weigh the same the later one holds.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/lists.css";
import "./styles/asset.css";
import "./styles/work.css";
import "./styles/checklist.css";
import "./styles/alarms.css";
import "./styles/chart.css";
import "./styles/sync.css";
import "./styles/flow.css";

// biome-ignore lint/suspicious/noExplicitAny: each page has its own parameters, all of them text
type Page = ComponentType<any>;
type Load = () => Promise<{ default: Page }>;

const ROUTES: readonly [pattern: string, load: Load][] = [
  ["/", () => import("./pages/morning")],
  ["/today", () => import("./pages/today")],
  ["/orders/:id", () => import("./pages/checklist")],
  ["/tickets", () => import("./pages/tickets")],
  ["/tickets/:id", () => import("./pages/ticket")],
  ["/assets", () => import("./pages/assets")],
  ["/assets/:code", () => import("./pages/asset")],
  ["/alarms", () => import("./pages/alarms")],
  ["/live", () => import("./pages/live")],
  ["/plan", () => import("./pages/plan")],
  ["/health", () => import("./pages/health")],
  ["/sync", () => import("./pages/sync")],
  ["/sign-in", () => import("./pages/signin")],
];

const loaded = new Map<string, Page>();

function usePage(pattern: string, load: Load): Page | "failed" | null {
  const state = useSignal(0);
  useEffect(() => {
    if (!loaded.has(pattern)) {
      load().then(
        (page) => {
          loaded.set(pattern, page.default);
          state.value = 1;
        },
        () => {
          state.value = 2;
        },
      );
    }
    return () => {
      state.value = 0;
    };
  }, [pattern]);
  return loaded.get(pattern) ?? (state.value === 2 ? "failed" : null);
}

function Route({ pattern, load, params }: { pattern: string; load: Load; params: Record<string, string> }) {
  const PageView = usePage(pattern, load);
  if (PageView === null) {
    return (
      <div class="page">
        <Skeleton count={4} height={64} />
      </div>
    );
  }
  if (PageView === "failed") {
    return (
      <div class="page">
        <Failed failure="offline" detail="" again={() => location.reload()} />
      </div>
    );
  }
  return <PageView key={JSON.stringify(params)} {...params} />;
}

function App() {
  const here = path.value;
  const signedIn = session.value !== null;
  useEffect(() => {
    if (!signedIn && here !== "/sign-in") {
      navigate(here === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(here)}`, true);
    }
  }, [signedIn, here]);
  void locale.value;
  for (const [pattern, load] of ROUTES) {
    const params = match(pattern, here);
    if (params !== null) {
      const route = <Route key={pattern} pattern={pattern} load={load} params={params} />;
      return pattern === "/sign-in" ? route : signedIn ? <Shell>{route}</Shell> : null;
    }
  }
  return signedIn ? (
    <Shell>
      <div class="page">
        <Empty big icon="search" text={t("failure.missing")}>
          <a class="btn small" href="/">
            {t("nav.morning")}
          </a>
        </Empty>
      </div>
    </Shell>
  ) : null;
}

export function startApp(host: HTMLElement): void {
  startRouter();
  startKeys();
  startDevice();
  render(<App />, host);
  void startUpdates();
}
