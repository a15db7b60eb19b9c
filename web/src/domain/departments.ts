const SPELLINGS = {
  water: ["水务管理部门", "水務管理部門", "Water", "Water management"],
  electrical: ["电气管理部门", "電氣管理部門", "Electrical", "Electrical management"],
  heating: ["供暖管理部门", "供暖管理部門", "Heating", "Heating management"],
  elevator: ["电梯维修部门", "電梯維修部門", "Elevator repair"],
  fire: ["消防管理部门", "消防管理部門", "Fire", "Fire management"],
  hvac: ["空调维修部门", "空調維修部門", "HVAC repair"],
  cleaning: ["清洁维护部门", "清潔維護部門", "Cleaning and upkeep"],
  emergency: [
    "应急救援队伍",
    "應急救援隊伍",
    "救援队伍",
    "救援隊伍",
    "专业维修团队",
    "專業維修團隊",
    "Emergency team",
  ],
  security: ["安保人员", "安保人員", "安保部门", "安保部門", "Security"],
  quality: ["质量监督小组", "質量監督小組", "Quality team"],
  engineering: ["工程管理部门", "工程管理部門", "工程部", "工程维修部", "工程維修部", "Engineering"],
} as const;

export type Department = keyof typeof SPELLINGS;

const fold = (text: string): string => text.normalize("NFKC").trim().toLowerCase();

const BY_SPELLING = new Map(
  Object.entries(SPELLINGS).flatMap(([key, spellings]) =>
    spellings.map((spelling) => [fold(spelling), key as Department] as const),
  ),
);

/** The department of the plan's tables that a text names; orders and machines carry the text in one language only.
 * `null` for departments of somebody's own. */
export const departmentOf = (text: string): Department | null => BY_SPELLING.get(fold(text)) ?? null;
