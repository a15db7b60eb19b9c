"""The words of reports in both languages."""

from collections.abc import Mapping

from plantroom.domain.assets import LocalName

_WORDS = """
title_monthly|维护月报|Monthly maintenance report
title_pack|检查资料包|Inspection pack
period|期间|Period
made_at|生成时间|Made at
made_by|生成人|Made by
page|第|Page
site|项目|Site
system|系统|System
summary|概要|Summary
figure|指标|Figure
value|数值|Value
basis_of|依据|Rests on
in_time|按期|In time
due_n|到期|Due
late|逾期完成|Late
missed|漏做|Missed
deferred|延期|Put off
bypassed|旁路|Bypassed
overdue|逾期未做|Overdue
credited|其中由读数计入|Of these credited
planned_work|计划维护|Planned maintenance
statutory_work|法定工作|Statutory work
statutory_state|法定工作状态|State of statutory work
work_done|完成的工作|What was done
tickets|报修与维修|Tickets
tickets_opened|新开工单|Opened
tickets_closed|已完成|Completed
tickets_open|未完成|Still open
answer_times|响应与处理时间|Answer times
clock|时钟|Clock
judged|已判定|Judged
target_met|达到目标|Target met
limit_met|在时限内|Within the limit
mean|平均|Mean
satisfaction|业主满意度|Satisfaction of owners
ratings|评价数|Ratings
satisfied|满意（4至5星）|Satisfied (4 or 5 stars)
average|平均星级|Mean of the stars
target|目标|Target
repeat_rate|14天内重复故障|Faults back within 14 days
incidents|突发事件|Incidents
no_incidents|本期无突发事件。|No incidents in this period.
costs|费用与预算|Costs against budget
budget_line|预算科目|Budget line
approved|批准预算|Approved
spent|已支出|Spent
ordered|已下单未完成|Ordered
outlook|全年预计|Outlook for the year
month_cost|本月支出|This month
next_month|下月安排|Next month
next_statutory|下月法定与检验工作|Statutory work and inspections next month
rounds|巡查与日常检查|Rounds
by_name|下列|listed below
not_by_name|其他未列出|others, not listed
first_day|首日|First day
last_day|末日|Last day
planned_n|计划工作|Planned orders
licences_due|即将到期的证照|Licences that run out
licence|证照|Licence
number|编号|Number
expires|有效期至|Valid to
machine|设备|Machine
severity|等级|Severity
opened|开单|Opened
completed|完成|Completed
state|状态|State
work|工作|Work
due_on|最迟|Due
none|无|None
by_an_owner|业主报修|Reported by an owner
more_not_shown|未列出|more not shown
insufficient|数据不足|insufficient data
subject|对象|About
machines|设备清单|Machines
card|设备卡|Machine
code|编码|Code
name|名称|Name
class|类别|Class
maker_model|制造商与型号|Maker and model
serial|出厂编号|Serial number
place|位置|Place
in_service|投用日期|In service since
using_unit|使用单位|Using unit
maintenance_unit|维保单位|Maintenance unit
licences|证照与检验|Licences and inspections
issued|签发|Issued
plan|维护计划|Maintenance plan
row|计划项|Row
interval|周期|Interval
basis|依据|Basis
layer|来源|Asked for by
executor|执行|Done by
max_gap|最长间隔（天）|Longest gap (days)
kept|执行情况|Kept
records|维护记录|Records
day|日期|Day
result|结果|Result
done_by|实施人|Done by
signed_by|签字|Signed by
verified_by|复核|Verified by
ended_by|办理人|Ended by
record_sha|记录SHA-256|SHA-256 of the record
items_ok|合格|OK
items_not_ok|不合格|Not OK
items_na|不适用|N/A
items|项目|Items
not_ok|不合格项|Not OK
readings|测量值|Readings
addenda|补充说明|Addenda
patrols|按小时的巡查（按日汇总）|Patrols by the hour (day by day)
count|次数|Times
orders|工单|Orders
other_work|其他完成的工作|Other work that was done
repairs|故障维修|Repairs
opened_h|开单时间|Opened at
cause|原因|Cause
action|措施|Action
irregular|漏做、逾期、延期与旁路|Missed, late, put off, bypassed
reason|原因|Reason
evidence|证据清单|Evidence
evidence_note|每个文件以SHA-256标识，可用 sha256sum 核对。|Each file is known by its SHA-256; check with sha256sum.
kind|种类|Kind
step|步骤|Step
by|上传人|By
bytes|字节|Bytes
history|变更历史的完整性|Is the history as it was
intact|完好：历史条目、冻结记录、计划执行结果未被改动|intact: entries, frozen records, closed jobs are as sealed
closed_as_entered|与历史一致的计划执行结果（全部）|Closed jobs of the plan that stand as entered (all)
without_record|已完成但记录为空的法定工作|Statutory work done, with nothing on its record
without_record_note|项已完成的法定工作没有检查项、读数、文件或签名|statutory jobs have no item, reading, file, signature
rows_as_entered|与历史一致的台账记录（行）|Rows of the ledger that stand as entered
recorded_late|补录的法定工作|Statutory work entered later
recorded_late_note|项已完成的法定工作在完成超过24小时后才补录|statutory jobs entered more than 24 h after they were done
recorded_on|补录于|entered on
broken|已被改动|CHANGED
incomplete_record|记录不完整的法定工作|Statutory work done, with an incomplete record
incomplete_record_note|项已完成的法定工作记录不完整（有未答项、缺照片）|statutory jobs have a record that lacks answers
unanswered|未答检查项|Items without an answer
unanswered_n|未答 %d 项|%d items unanswered
of_items|（共 %d 项）| of %d
without_evidence|缺照片或签名|Without photo or signature
why_accepted|缺项说明|Why it was accepted
last_done|上次完成|Last done
next_due|下次最迟|Next due
never_n|%d 台无记录|%d not recorded
not_recorded|无记录|not recorded
several_note|多台设备：上次完成为最早的一台，下次最迟为最近的一台。|Several machines: done longest ago, due first.
stood_for|由此执行：|done by
none_entered|未登记|none is entered
no_valid_licence|未登记有效许可|no valid licence is entered
department|责任部门|Department in charge
standing_repairs|期末未完成的故障与维修|Defects and repairs not done at the period's end
entries|历史条目|Entries
seals|封印|Seals
unsealed|尚未封印|Not sealed yet
head|最近公布的链头|Newest published head
heads_compared|与外部链头核对|Heads from outside compared
record_hashes|逐份核对记录的SHA-256|Records whose SHA-256 is that of their content
not_here|文件不在库中|not in the store
photo|照片|photo
signature|签名|signature
document|文件|document
report|报告|report
certificate|证书|certificate
lab_report|化验报告|laboratory report
retention|保存年限|Kept for
years|年|years
law|法规|law
maker|制造商|maker
contract|合同|contract
in_house|自行|in-house
contractor|外委单位|contractor
authority|主管机构|authority
automatic|自动|automatic
not_verified|尚未复核|not verified yet
comment|备注|Comment
one_image|签名为同一张图片|signatures that are one and the same image
kept_at_least|记录至少保存|records are kept for at least
no_records|期间内没有记录。|No records in this period.
definitions|指标定义|What the figures mean
privacy|本报告不含个人信息。|This report names nobody.
preventive|预防性维护|preventive
inspection|检查|inspection
statutory|法定|statutory
drill|演练|drill
replacement|更换|replacement
corrective|维修|repair
scheduled|已安排|scheduled
open|待受理|open
acknowledged|已受理|accepted
in_progress|处理中|in progress
on_hold|暂停|on hold
evidence_pending|待证据|evidence pending
verified|已复核|verified
cancelled|已取消|cancelled
waived|无需执行|waived
rests|停用与报废期间|Times out of service or scrapped
out_since|停用自|Out of use since
out_until|恢复使用|Back in use
said_by|登记人|Recorded by
goes_on|仍停用|still out of use
former|系统启用前的上次完成|Last completions before the system was used
former_note|由表格登记，本系统没有记录，不计入指标|Brought along in a table; no record here, in no figure
entered_on|登记日期|Entered on
where_written|记录编号|Where it is written
rejected|误报|false alarm
critical|紧急|critical
major|重大|major
general|一般|general
info|提示|info
acknowledge|接单|acknowledge
respond|答复业主|answer the owner
arrive|到场|arrive
interim|临时措施|interim measure
resolve|修复|resolve
technician|实施人|technician
safety_manager|安全管理员|safety manager
owner_representative|业主代表|owner's representative
hour|小时|hour
day_unit|天|day
week|周|week
month|个月|month
year|年|year
every|每|every
not_done|未做|not done
lines_overlap|工作可属多个系统，各行不可相加；合计%d|Some work is of several systems: lines do not add up; in all %d
by_last_day|按最迟日期计：最迟日期在期间内的计划项。|By last day: jobs of the plan whose last day lies in the period.
done_within|期间内完成的计划项|Jobs done in the period
no_order|无工单（由读数或人工登记）|without an order (by readings, by hand)
unlisted|工单未列入（退回重做等）|orders not listed (sent back to be done again, or the like)
by_completion|按完成日期|by day of completion
orders_done|完成的工单|Orders completed
periodic_inspection|定期检验|Periodic inspection
use_registration|使用登记|Registration of use
registration|使用登记|Registration
h|小时|h
min|分钟|min
"""

WORDS: Mapping[str, LocalName] = {
    key: LocalName(zh, en) for key, zh, en in (line.split("|") for line in _WORDS.strip().splitlines())
}
