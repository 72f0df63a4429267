"""Words and sentences of the generated articles: lists in the order of how common a word is, and templates with slots. Knows no articles.

In a template `{n}` is a noun of the theme, `{N}` one that all themes share, `{v}` a verb, `{a}` an adjective, `{d}` an adverb, `{o}` an
institution, `{p}` a place, `{t}` a time, `{m}` a person, `{q}` a number.
"""

THEMES = {
    "ocean": ("海洋", "海洋 潮汐 近海 滨海湿地 海水 珊瑚礁 渔业 海岸线 浮标 洋流 红树林 深海 沉积物 台风 海冰 河口 藻类 盐度 赤潮 海底 波浪 海平面 航道 贝类 潮间带 海草床 科考船 热液 鲸类 声呐"),
    "farming": ("农业", "农业 粮食 小麦 水稻 土壤 种子 灌溉 玉米 农田 病虫害 肥料 大豆 果园 育种 农机 温室 畜牧 棉花 茶叶 墒情 盐碱地 黑土 秸秆 蔬菜 杂交稻 乡村 合作社 蜜蜂 冷链 油菜"),
    "medicine": ("医学", "患者 疾病 疫苗 医院 细胞 药物 临床试验 免疫 病毒 基因 诊断 心脏 肿瘤 抗体 蛋白质 康复 血压 护理 影像 糖尿病 手术 睡眠 神经 抗生素 中药 干细胞 骨骼 营养 呼吸道 听力"),
    "energy": ("能源", "能源 电网 电池 碳排放 太阳能 风电 储能 煤炭 氢能 核电 水电 天然气 电动汽车 光伏 热泵 输电线路 生物质 变压器 地热 充电桩 燃料 涡轮 催化剂 尾气 节能 并网 潮流能 薄膜 电解槽 锂矿"),
    "computing": ("信息技术", "数据 算法 模型 芯片 网络 软件 人工智能 计算机 平台 信息安全 机器人 传感器 云计算 数据库 通信 语言模型 图像 开源 量子计算 卫星导航 终端 存储 光纤 密码 接口 操作系统 数字孪生 缓存 编译器 隐私"),
    "space": ("航天", "卫星 火箭 空间站 月球 探测器 轨道 航天员 望远镜 火星 行星 发射场 太阳 载荷 星系 遥感 引力波 黑洞 陨石 射电 返回舱 小行星 光谱 宇宙线 星座 着陆器 彗星 暗物质 对接 推进剂 恒星"),
    "learning": ("教育", "学生 教师 学校 课程 大学 教材 课堂 科普 考试 实验室 奖学金 图书馆 研究生 职业教育 阅读 毕业生 校园 竞赛 讲座 学科 招生 博物馆 幼儿园 导师 论文 体育 留学 社团 夏令营 方言"),
    "culture": ("文化", "文化 博物院 文物 展览 古籍 考古 戏曲 书法 非遗 音乐 电影 遗址 诗歌 壁画 瓷器 民俗 石窟 出版 修复 古城 陶器 青铜器 漆器 长城 祠堂 剪纸 舞蹈 简牍 织锦 年画"),
    "economy": ("经济", "企业 市场 产业 投资 消费 就业 贸易 制造业 财政 金融 税收 供应链 价格 出口 中小企业 专利 物流 港口 标准 品牌 旅游 零售 保险 订单 外资 成本 信贷 园区 仓储 审计"),
    "cities": ("城市", "城市 交通 地铁 社区 住房 桥梁 公园 铁路 供水 垃圾分类 公交 高铁 道路 建筑 排水 隧道 停车 绿地 机场 养老 管网 自行车 电梯 老旧小区 照明 消防 噪声 街道 枢纽 无障碍"),
    "nature": ("生态", "生态 森林 物种 气候 湿地 水质 鸟类 草原 降水 保护区 大气 生物多样性 荒漠 冰川 植被 河流 流域 候鸟 国家公园 土地 干旱 湖泊 污染 两栖动物 苔藓 年轮 泥炭 花粉 熊猫 藏羚羊"),
    "matter": ("材料", "材料 纳米 激光 合金 晶体 超导 石墨烯 半导体 显微镜 高分子 陶瓷 涂层 光学 磁场 钢铁 复合材料 电子 化学 玻璃 纤维 同步辐射 中子 粒子 真空 低温 薄层 离子 稀土 粉末 等离子体"),
}

NOUNS = ("研究 技术 工作 系统 项目 发展 问题 结果 方法 团队 成果 体系 能力 过程 水平 条件 变化 机制 资源 服务 环境 质量 数据 方案 基础 领域 规律 结构 观测 应用 试验 经验 样本 指标 案例 设备 流程 "
         "趋势 合作 需求 风险 效率 因素 框架 目标 阶段 报告 理论 精度 来源 程序 记录 特征 信号 原理 间隙 边界 步骤 线索 假设 误差 缺口 余地 脉络").split()
VERBS = ("研究 提高 完成 发现 建立 推动 分析 开展 支持 改进 利用 形成 实现 检验 监测 促进 影响 保护 评估 获得 解决 优化 设计 比较 介绍 测量 揭示 突破 恢复 记录 公布 验证 更新 培育 采集 降低 重建 整理 修订 预报 追踪 "
         "校准 拓展 模拟 巡查 梳理 补充 复核 延长 移植").split()
ADJECTIVES = "新 重要 不同 长期 主要 关键 稳定 复杂 现代 有效 明显 基本 可靠 广泛 深入 独立 完整 先进 可持续 精细 常见 清晰 系统性 区域性 罕见 持久 缓慢 微弱 隐蔽 成熟 严格 局部 偶然 耐用".split()
ADVERBS = "已经 正在 逐步 进一步 仍然 首次 不断 同时 主要 共同 明显 一般 特别 往往 基本 陆续 重新 通常 显著 较好地 大幅 初步 独立 反复 恰好 悄然".split()
PLACES = ("北京 上海 广东 江苏 浙江 山东 四川 湖北 河南 福建 陕西 云南 辽宁 天津 重庆 安徽 湖南 新疆 青海 西藏 海南 广州 深圳 武汉 成都 南京 杭州 西安 青岛 大连 厦门 长沙 合肥 昆明 哈尔滨 沈阳 兰州 贵阳 南宁 宁波 苏州 无锡 "
          "长江口 黄河三角洲 珠江口 南海 东海 渤海湾 青藏高原 秦岭 太湖 洞庭湖 鄱阳湖 内蒙古 台湾 香港 欧洲 非洲 东南亚 北极 南极 太平洋 亚马孙").split()
INSTITUTIONS = ("研究院 大学 研究所 监测中心 国家实验室 技术中心 学会 观测站 科学院 设计院 推广站 博物馆 档案馆 协会 工程中心 检测中心 水文站 数据中心 重点实验室 联合会 编辑部 基金会").split()
TIMES = ("今年 去年 近年来 目前 昨日 日前 上个月 本周 三月 五月 九月 年初 年底 过去十年 未来五年 汛期 冬季 夏季 入秋以来 上半年 第三季度 清晨 当晚 节前 开春").split()
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建文辉力永健世广志义兴良海山仁波宁贵福生龙元全国胜学祥才发武新利清飞彬富顺信子昌成康星光天达安岩中茂进林有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士以建家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘雨欣怡梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉桦叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希宁"
UNITS = "万吨 个百分点 公里 项 台 平方公里 亿元 名 次 个 座 种 年 天 份 篇 处 亩 兆瓦 毫米".split()

CLAUSES = (
    "{o}的{n}{N}{d}{v}了{a}的{N}|{t}{p}的{n}{N}{d}有{a}变化|{N}显示{n}的{N}与{n}有关|研究人员{d}{v}{n}{N}|{m}说这项{N}的{N}在于{n}|{v}{n}需要{a}的{N}|"
    "{p}和{p}的{n}{N}{d}不同|{t}共{v}{n}{q}|比上一年增加{q}|{o}与{o}合作{v}{n}{N}|这一{N}为{v}{n}提供了{a}的{N}|{n}是{n}{N}中{a}的{N}|"
    "团队用{a}的{N}{v}{n}|{n}的{N}{d}超过{q}|{N}表明单靠{n}难以{v}{N}|{v}和{v}{n}的{N}同样重要|在{p}{v}的{n}{N}{d}得到{v}|从{t}开始{o}{d}{v}{n}|"
    "他们{d}{v}了{n}的{N}和{N}|{a}的{n}{N}{d}{v}了{N}|如果{n}不能{v}|{n}的{N}就会{d}下降|专家认为{n}{N}仍有{a}的{N}|{p}的{n}已有{q}|"
    "{n}、{n}和{n}的{N}{d}{v}|相关{N}由{m}和{m}{v}|{N}发表在{o}的刊物上|{t}的{N}也{v}了同样的{N}|对{n}的{N}有{a}影响|其中{n}占{q}|"
    "参加{N}的还有{p}的{o}|{n}{N}的{N}并不{a}|人们对{n}的了解{d}{v}|{d}{v}的{N}包括{n}和{n}|{m}{d}在{p}{v}{n}|最{a}的{N}来自{n}|"
    "没有{a}的{N}就谈不上{v}{n}|{q}的{n}{d}{v}完毕|一些{n}{d}出现{a}的{N}|{o}{t}公布的{N}说|下一步将{v}{n}的{N}|{N}{d}从{p}扩大到{p}"
).split("|")

OPENINGS = (
    "{t}，{o}{m}团队在{p}{v}了{S}，{d}{v}{a}的{N}|记者从{o}获悉，{S}的{N}{t}在{p}{v}|{p}{t}{v}的{S}{N}引起关注，{m}对此作了{a}的介绍|"
    "围绕{S}，{o}{t}{v}了一系列{N}|{S}的{N}为什么{a}？{o}的{m}给出了回答|从{p}到{p}，{S}{d}{v}了当地的{N}"
).split("|")
RETURNS = (
    "{m}告诉记者，{S}的{N}{d}{v}|就{S}而言，{a}的{N}仍是{n}|{o}在{p}{v}{S}的时间已有{q}|“{S}不是一天{v}的。”{m}说|关于{S}的{N}，{o}{t}还将{v}|{S}与{n}的{N}，由此{d}清晰"
).split("|")
TITLES = (
    "{S}{N}在{p}取得{a}进展|{o}{d}{v}{S}{N}|{S}的{N}与{N}|{p}{v}{S}{N}|{m}：{S}需要{a}的{N}|{t}{S}{N}有哪些变化|为什么{S}会影响{n}|{S}：从{n}到{n}|{p}{S}{N}{d}超过{q}|"
    "一项关于{S}的{a}{N}|{v}{S}，{v}{n}|{S}背后的{n}|{o}与{p}共同{v}{S}{N}|走近{S}|{S}{N}问答"
).split("|")
HEADINGS = "{n}的{N}|{v}{n}|{a}的{N}|{N}与{N}|从{n}说起|{p}的做法|下一步|尚未{v}的{N}".split("|")

ENGLISH = {
    "n": "research water system data climate ocean energy model school field forest soil network river crop patient satellite museum battery bridge sediment estuary wheat archive lens vaccine turbine tide alloy glacier".split(),
    "N": "result method question change team record series sample estimate limit pattern source cost share decade season standard map gap signal trend".split(),
    "v": "shows changes supports limits follows explains improves measures describes protects compares repeats questions extends predicts outlasts".split(),
    "a": "new early long careful local simple common large small stable steady open rare slow independent seasonal reliable".split(),
    "p": "Beijing Shanghai Qingdao Wuhan Lanzhou Xiamen Kunming Hainan Tibet Guangdong Yunnan Europe Africa".split(),
    "o": "academy university institute observatory laboratory agency society museum".split(),
}
ENGLISH_SENTENCES = (
    "The {n} {N} {v} the {a} {N} of the {n}.|A {a} {N} from {p} {v} what the {n} does in a {a} year.|Researchers at the {o} in {p} say that the {n} {v} the {n}.|"
    "It is a {a} {N}, and it {v} every {n} that was looked at.|In {p} the {N} took {q} days.|No {a} {n} {v} such a {N} alone.|About {q} of the {n} records come from {p}.|"
    "Whoever studies the {n} soon meets the {N} of the {n}.|The {o} will publish the {N} with its {a} {N}.|What the {n} {v} is a {N} of the {n}, not of the {n} {N}.|"
    "Between {p} and {p} the {N} {v} little.|That {N} is {a}; the {n} behind it is not."
).split("|")
ENGLISH_TITLES = "A {a} {N} of the {n} in {p}|What the {n} {v} about the {n}|The {n} and the {N}|Why the {n} {v} the {a} {n}|{p}: the {n} after {q} years|How a {a} {n} {v} the {N}".split("|")
