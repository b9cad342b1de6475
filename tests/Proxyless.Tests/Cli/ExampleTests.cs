using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runs;
using Proxyless.Tests.Agents;
using Proxyless.Tests.Docs;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Pretrained;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>
/// Every command line that a help text or a document shows is run as it stands there, in a folder that holds what it
/// refers to, but for what would take hours. The working folder is the process's own, so nothing runs beside.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed partial class ExampleTests(ExampleFolder examples) : IClassFixture<ExampleFolder>
{
    // A search and a training of a step or two, where models are timed by their size instead of on this processor.
    private const string Search = $"--space tiny --batch-size 4 --search-epochs 0.1 {Decision}";
    private const string Decision = "--evaluations 4 --finalists 2";
    private const string Training = "--train-epochs 0.1";
    private const string Size = "--target size.yaml";
    private const string Step = "--steps 1 --space tiny";

    /// <summary>What makes an example small: words to put in place of others, and words to append.</summary>
    private static readonly Dictionary<string, Small> Smaller = new()
    {
        // The sample's 2,000 images and their usual space, for less than an epoch instead of 17.
        ["proxyless run"] = new($"--search-epochs 0.02 --batch-size 16 --train-epochs 0.02 {Size}"),
        ["proxyless run --data photos --latency 8 --time 3h --out runs/photos"] = new($"{Search} {Size}", ("3h", "1s"))
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },
        ["proxyless run --data photos --latency 8 --time 2h --out runs/photos"] = new($"{Search} {Size}", ("2h", "1s"))
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },
        ["proxyless run --data photos --latency 8 --time 2h --out runs/searched"] = new(
            $"{Search} {Size}",
            ("2h", "1s")
        ),
        ["proxyless derive --run runs/searched --latency 5 --train --out runs/searched-5ms"] = new(
            $"--train-epochs 0.1 {Decision}"
        )
        {
            Before = _ => Directory.Move("runs/photos", "runs/searched"),
        },
        ["proxyless run --data photos --latency 3,5,8 --out runs/photos-front"] = new($"{Search} {Training} {Size}"),
        ["proxyless run --out runs/photos --resume"] = new(),
        ["proxyless weights list"] = new(),
        [ImportOfCpu] = new("--resolution 32")
        {
            Before = _ => WeightsOfOthers.Write("proxyless_cpu.pth", "proxyless-cpu"),
        },
        ["proxyless search --data photos --space imagenet-mobile --latency 12 --out runs/photos"] = new(
            $"--resolution 32 --batch-size 4 --search-epochs 0.1 {Decision} {Size}"
        )
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },

        ["proxyless search --data photos --latency 3,5,8 --out runs/photos"] = new($"{Search} {Size}")
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },

        // A profile of this processor takes seconds: another target that is kept takes its place.
        [SearchForTwo] = new(Search, ("cpu", "phone"), ("cpu=12", "phone=12"))
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },
        ["proxyless derive --run runs/photos --latency 6 --out runs/photos-6ms"] = new(Decision),
        ["proxyless derive --run runs/photos --latency 6 --quick --out runs/photos-6ms-quick"] = new(),
        ["proxyless derive --run runs/photos --latency 6 --train --from-supernet --out runs/photos-6ms-trained"] = new(
            $"--train-epochs 0.1 {Decision}"
        ),
        ["proxyless derive --run runs/photos --latency 3,5,8 --out runs/photos-front"] = new(Decision),

        // With random weights in the cache of the folder; one that is there is replaced by another run.
        ["proxyless train --weights timm-efficientnet-lite0 --data photos --out runs/photos"] = new(
            "--resolution 16 --batch-size 4 --train-epochs 0.1 --threads 1"
        )
        {
            Before = _ =>
            {
                Directory.Delete("runs", recursive: true);
                KeepRandomWeights();
            },
        },
        ["proxyless run --data photos --weights timm-efficientnet-lite0 --latency 4 --out runs/photos"] = new(
            "--resolution 16 --batch-size 4 --train-epochs 0.1 --target size.yaml --threads 1"
        )
        {
            Before = _ =>
            {
                Directory.Delete("runs", recursive: true);
                KeepRandomWeights();
            },
        },
        ["proxyless run --data photos --weights timm-efficientnet-lite0 --out runs/photos"] = new(
            "--arch net.config --resolution 16 --batch-size 4 --train-epochs 0.1 --target size.yaml --threads 1",
            ("timm-efficientnet-lite0", "mine.pth")
        )
        {
            Before = fact =>
            {
                Directory.Delete("runs", recursive: true);
                WriteOwnNetwork(fact);
            },
        },
        ["proxyless run --arch net.config --weights mine.pth --data photos --latency 4"] = new(
            "--resolution 16 --batch-size 4 --train-epochs 0.1 --target size.yaml --threads 1",
            ("4", "0.05")
        )
        {
            Before = WriteOwnNetwork,
        },
        ["proxyless train --arch net.config --weights mine.pth --data photos"] = new(
            "--resolution 16 --batch-size 4 --train-epochs 0.1 --threads 1"
        )
        {
            Before = WriteOwnNetwork,
        },
        ["proxyless train --arch efficientnet-lite0 --weights lite0.pth --data photos"] = new(
            "--resolution 16 --batch-size 4 --train-epochs 0.1 --threads 1"
        )
        {
            Before = _ => WeightsOfOthers.Write("lite0.pth", "efficientnet-lite0"),
        },
        ["proxyless train --weights timm-efficientnet-lite0 --data photos --resolution 112 --folds 5"] = new(
            "--batch-size 4 --train-epochs 0.1 --threads 1",
            ("112", "32"),
            ("5", "2")
        )
        {
            Before = _ => KeepRandomWeights(),
        },
        ["proxyless predict --model proxyless-cpu.onnx cat.jpg"] = new() { Before = Import },
        ["proxyless predict --weights proxyless-cpu cat.jpg"] = new() { Before = Import },
        ["proxyless evaluate --weights proxyless-cpu --data photos"] = new()
        {
            Before = fact =>
            {
                Import(fact);
                Directory.Move("photos/cat", "photos/tench");
                Directory.Move("photos/dog", "photos/goldfish");
            },
        },
        ["proxyless run --data photos --latency 8 --watch"] = new($"{Search} {Training} {Size}"),
        ["proxyless run --data photos --latency 8 --out runs/photos --tensorboard"] = new($"{Search} {Training} {Size}")
        {
            Before = _ => Directory.Delete("runs", recursive: true),
        },
        ["proxyless run --data photos --target board --latency 25"] = new($"{Search} {Training}"),
        ["proxyless run --data photos --target cpu+int8 --latency 4"] = new(
            $"{Search} {Training}",
            ("cpu+int8", "size.yaml+int8")
        ),
        ["proxyless run --data photos --precision int8 --latency 4"] = new($"{Search} {Training} {Size}"),
        ["proxyless search --data photos --target cpu --target cpu+int8 --latency cpu=8 --latency cpu+int8=4"] = new(
            Search,
            ("cpu", "phone"),
            ("cpu+int8", "phone+int8"),
            ("cpu=8", "phone=8"),
            ("cpu+int8=4", "phone+int8=4")
        ),
        ["proxyless profile --space imagenet-mobile --target board"] = new(
            "--resolution 16 --classes 2",
            ("imagenet-mobile", "tiny")
        ),
        ["proxyless profile --space imagenet-mobile --target cpu+int8"] = new(
            "--resolution 16 --classes 2",
            ("imagenet-mobile", "tiny"),
            ("cpu+int8", "size.yaml+int8")
        ),
        ["proxyless target check --target configs/targets/board.yaml"] = new(
            "",
            ("configs/targets/board.yaml", "size.yaml")
        ),
        ["proxyless train --arch runs/photos/board"] = new("--train-epochs 0.1")
        {
            Before = fact =>
            {
                Directory.Delete("runs", recursive: true);
                fact.Run(SearchForTwo);
            },
        },
        ["proxyless evaluate --model runs/photos --json"] = new(),
        ["proxyless predict --weights timm-efficientnet-lite0 cat.jpg"] = new() { Before = _ => KeepRandomWeights() },

        // A run that is searched and not trained yet.
        ["proxyless train --arch runs/photos --train-epochs 60 --from-supernet"] = new("", ("60", "0.1"))
        {
            Before = _ => new RunDirectory("runs/photos").RemoveTraining(),
        },
        ["proxyless train --arch mobilenet-v2 --data photos --time 2h"] = new(
            "--resolution 32 --batch-size 4",
            ("2h", "1s")
        ),
        ["proxyless evaluate --model runs/photos"] = new(),
        ["proxyless evaluate --model runs/photos --precision int8"] = new()
        {
            Before = fact => fact.Run("proxyless quantize --model runs/photos"),
        },
        ["proxyless evaluate --model photos.onnx --data more-photos"] = new(),
        ["proxyless evaluate --model photos-int8.onnx --against photos.onnx --data more-photos"] = new()
        {
            Before = _ => File.Copy("photos.onnx", "photos-int8.onnx"),
        },
        ["proxyless quantize --model runs/photos"] = new(),
        ["proxyless quantize --model photos.onnx --data photos --out photos-int8.onnx"] = new(),
        ["proxyless quantize --weights timm-efficientnet-lite0 --data photos"] = new("--images 2 --keep-float stem")
        {
            Before = _ => KeepRandomWeights(),
        },
        ["proxyless predict --model runs/photos cat.jpg dog.jpg"] = new(),
        ["proxyless predict --model runs/photos cat.jpg"] = new(),
        ["proxyless predict --model runs/photos holidays"] = new(),

        // The whole space would be measured on this processor for a minute.
        ["proxyless profile --space imagenet-mobile --target cpu:2 --out latency.json"] = new(
            "--resolution 16 --classes 2",
            ("imagenet-mobile", "tiny"),
            ("cpu:2", $"cpu:{Math.Min(2, Environment.ProcessorCount)}")
        ),
        ["proxyless describe --arch proxyless-mobile"] = new(),
        ["proxyless describe --arch runs/photos --target cpu --picture photos.svg"] = new(),
        ["proxyless describe --arch runs/photos --picture figures/"] = new(),
        ["proxyless export --run runs/photos --out photos-int8.onnx --precision int8"] = new(),
        ["proxyless export --run runs/photos --out photos.onnx"] = new() { Before = _ => File.Delete("photos.onnx") },

        // Networks of the space are of up to 0.45 MB, and random ones must be near the limit.
        [Compare] = new($"--space tiny --batch-size 4 {Size}", ("10", "0.1"), ("random:12", "random:2"), ("8", "0.4")),
        ["proxyless compare --data photos --target cpu+int8 --network runs/photos --network mobilenet-v2:fit"] = new(
            "--train-epochs 0.1",
            ("cpu+int8", "size.yaml+int8")
        ),
        ["proxyless compare --out comparisons/photos --resume --network proxyless-mobile"] = new()
        {
            Before = fact => fact.Run(Compare),
        },
        ["proxyless compare --out comparisons/photos --join"] = new() { Before = fact => fact.Run(Compare) },
        ["proxyless data list --data photos"] = new(),
        ["proxyless data sample --out shapes --resolution 64"] = new("--training 2 --test 1"),
        ["proxyless target list"] = new(),
        ["proxyless target add --name board --file configs/targets/board.yaml"] = new("--overwrite"),
        ["proxyless target check --target board"] = new(),
        ["proxyless target check --target configs/targets/pixel1.yaml --arch proxyless-mobile"] = new(),
        ["proxyless bench --space imagenet-mobile --batch 32 --resolution 112"] = new(
            "--steps 1",
            ("32", "2"),
            ("112", "32")
        ),
        ["proxyless bench --mode weight,compact,all-paths --batch 32 --resolution 112"] = new(
            Step,
            ("32", "2"),
            ("112", "32")
        )
        {
            InProcess = false,
        },
        ["proxyless bench kernels --space imagenet-mobile --batch 32 --resolution 112"] = new(
            "--steps 1",
            ("imagenet-mobile", "configs/one-block.yaml"),
            ("32", "2"),
            ("112", "16")
        ),
        ["proxyless bench exchange --space imagenet-mobile --resolution 112"] = new(
            "--batch 2 --steps 6",
            ("imagenet-mobile", "tiny"),
            ("112", "32")
        ),
        ["proxyless bench data --data photos --resolution 224"] = new("--epochs 1"),
        ["proxyless bench data --data photos --resolution 112 --megapixels 12"] = new(
            "--images 12 --epochs 1",
            ("112", "32"),
            ("12", "0.2")
        ),
        ["proxyless bench floor --blocks --batch 32 --resolution 112"] = new(
            "--space tiny --steps 1",
            ("32", "2"),
            ("112", "16")
        ),
        ["proxyless bench floor --shares --batch 32 --resolution 112"] = new(
            "--space tiny --steps 1",
            ("32", "2"),
            ("112", "16")
        ),
        ["proxyless bench floor --space imagenet-mobile --batch 32 --resolution 112"] = new(
            "--steps 1",
            ("imagenet-mobile", "tiny"),
            ("32", "2"),
            ("112", "32")
        ),
        ["proxyless bench search --config configs/imagenet-mobile.yaml --images 1281167"] = new(
            $"{Step} --resolution 32"
        ),
        ["proxyless bench search --config configs/imagenet-mobile.yaml --images 1281167 --ranks 8,64,512"] = new(
            $"{Step} --resolution 32"
        ),
        ["proxyless bench search --data photos --search-epochs 40"] = new($"{Step} --batch-size 4"),
        ["proxyless bench soak --steps 5000"] = new("--cycle 1 --batch 2", ("5000", "10")),

        // Its table is that of the next one.
        ["proxyless bench narrow --weights timm-efficientnet-lite0 --data photos --resolution 112"] = new(
            "--steps 1 --seeds 1 --batch-size 4 --target size.yaml --threads 1 --json",
            ("112", "16")
        )
        {
            Before = _ => KeepRandomWeights(),
        },
        ["proxyless bench narrow --weights timm-efficientnet-lite0 --data photos --resolution 112 --other cpu+int8"] =
            new(
                "--steps 1 --seeds 1 --batch-size 4 --target size.yaml --threads 1",
                ("112", "16"),
                ("cpu+int8", "size.yaml+int8")
            )
            {
                Before = _ => KeepRandomWeights(),
            },
        ["proxyless bench order --space imagenet-mobile --resolution 112 --target cpu --other cpu+int8"] = new(
            "--networks 2",
            ("imagenet-mobile", "tiny"),
            ("112", "16")
        ),
        ["proxyless bench gradients --run runs/even"] = new("--contexts 2 --steps 1"),
    };

    private const string ImportOfCpu =
        "proxyless weights import proxyless_cpu.pth --as proxyless-cpu --out proxyless-cpu.onnx";

    private const string SearchForTwo =
        "proxyless search --data photos --target cpu --target board --latency cpu=12 --latency board=40 --out "
        + "runs/photos";

    private const string Compare =
        "proxyless compare --data photos --latency 8 --network runs/photos --network random:12 --network "
        + "mobilenet-v2:fit --train-epochs 10 --out comparisons/photos";

    /// <summary>
    /// What needs the internet is run up to the first byte, by
    /// <see cref="An_example_that_downloads_asks_the_right_server"/>.
    /// </summary>
    private static readonly Dictionary<string, string> Downloads = new()
    {
        ["proxyless data get cifar10"] = "www.cs.toronto.edu:443",
        ["proxyless data get imagenette-160 --out photos"] = "s3.amazonaws.com:443",
        ["proxyless weights get proxyless-cpu --out proxyless-cpu.onnx"] = "raw.githubusercontent.com:443",
        ["proxyless weights get timm-efficientnet-lite0 --out lite0.onnx"] = "huggingface.co:443",
        ["proxyless weights get timm-mnasnet-100 --out mnasnet.onnx"] = "huggingface.co:443",
    };

    /// <summary>
    /// What goes on until Ctrl-C is tested by
    /// <see cref="An_example_that_serves_a_page_serves_it_until_it_is_stopped"/>.
    /// </summary>
    private static readonly string[] Serving =
    [
        "proxyless watch runs/photos",
        "proxyless watch runs/photos runs/photos-6ms",
        "proxyless watch runs/photos runs/photos-6ms --port 8080",
    ];

    public static TheoryData<string> Examples =>
        [
            .. Commands(CommandLine.Root())
                .SelectMany(command => command.Examples)
                .Concat(CodeBlock.All.Where(block => block.IsRun).SelectMany(block => block.Commands))
                .Distinct()
                .Where(example => !Downloads.ContainsKey(example) && !Serving.Contains(example)),
        ];

    public static TheoryData<string> ServingExamples => [.. Serving];

    public static TheoryData<string, string> Downloading => [.. Downloads.Select(entry => (entry.Key, entry.Value))];

    private static void KeepRandomWeights()
    {
        const string Name = "timm-efficientnet-lite0";
        using var random = new CompactNetwork(PretrainedNetworks.ByName(Name).Architecture, new NetworkOptions());
        PretrainedWeights.Keep(Name, random);
    }

    private static void Import(ExampleTests fact)
    {
        WeightsOfOthers.Write("proxyless_cpu.pth", "proxyless-cpu");
        fact.Run(ImportOfCpu);
    }

    private static void WriteOwnNetwork(ExampleTests fact)
    {
        Architecture mine = SmallSpace.Network(1, 2, 1);
        ArchitectureFile.Write("mine.json", mine);
        WeightsOfOthers.Write("mine.pth", mine, []);
        CommandLineRun run = CommandLineRun.Of("describe", "--arch", "mine.json", "--net-config", "net.config");
        Assert.True(run.ExitCode == 0, run.Error);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_does_what_it_says(string example)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "models are timed by 'wc' here");
        Assert.True(
            Smaller.ContainsKey(example),
            $"'{example}' is shown and not tested: say in {nameof(Smaller)} how it is made small, or that it is small"
        );
        using ExampleFolder.Copy folder = examples.Enter();
        Smaller[example].Before(this);
        CommandLineRun run = Run(example);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.NotEmpty(run.Output);
        Assert.DoesNotContain("bug", run.Error, StringComparison.Ordinal);
        if ($"{example} {Smaller[example].Appended}".Contains(" --json", StringComparison.Ordinal))
        {
            using var json = JsonDocument.Parse(run.Output);
            Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
        }
    }

    [Theory]
    [MemberData(nameof(Downloading))]
    public void An_example_that_downloads_asks_the_right_server(string example, string server)
    {
        using ExampleFolder.Copy folder = examples.Enter();
        Directory.Delete("photos", recursive: true);
        using var proxy = new RefusingProxy();
        var environment = new Dictionary<string, string?>
        {
            ["HTTPS_PROXY"] = proxy.Address,
            ["https_proxy"] = proxy.Address,
            ["NO_PROXY"] = null,
            ["no_proxy"] = null,
        };
        CommandLineRun run = CommandProcess.Run(folder.Root, environment, example.Split(' ')[1..]);
        Assert.Equal($"CONNECT {server} HTTP/1.1", proxy.Asked);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(
            $"https://{server.Replace(":443", "", StringComparison.Ordinal)}",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("yourself", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ServingExamples))]
    public async Task An_example_that_serves_a_page_serves_it_until_it_is_stopped(string example)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are numbered as on Linux");
        using ExampleFolder.Copy folder = examples.Enter();
        Directory.CreateDirectory("runs/photos-6ms");
        File.Copy("runs/photos/config.yaml", "runs/photos-6ms/config.yaml");
        string[] words = example.Replace("8080", "0", StringComparison.Ordinal).Split(' ')[1..];
        using CommandLineProcess process = CommandLineProcess.StartInForeground(folder.Root, words);
        process.WaitFor("Ctrl-C ends this");
        string address = PageAddress().Match(process.Error()).Value;
        using var client = new HttpClient();
        string page = await client.GetStringAsync(new Uri(address), TestContext.Current.CancellationToken);
        Assert.Equal(
            words.Count(word => word.StartsWith("runs/", StringComparison.Ordinal)),
            FramePattern().Count(page)
        );
        string report = await client.GetStringAsync(new Uri($"{address}runs/0"), TestContext.Current.CancellationToken);
        Assert.Contains("Can it be trusted?", report, StringComparison.Ordinal);
        process.Signal(CommandLineProcess.Interrupt);
        CommandLineRun run = process.Wait();
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("watched", run.Output, StringComparison.Ordinal);
    }

    /// <summary>What the agent and then <c>target add</c> print as the next step is the next step.</summary>
    [Fact]
    public void What_an_agent_says_to_do_next_can_be_done()
    {
        using ExampleFolder.Copy folder = examples.Enter();
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        CommandLineRun init = CommandProcess.RunProgram(
            AgentProcess.Program,
            folder.Root,
            new Dictionary<string, string?>(),
            "init",
            "--folder",
            "agent",
            "--host",
            "localhost",
            "--port",
            $"{port}"
        );
        Assert.Equal(0, init.ExitCode);
        string[] serve = Next(init.Output, "next here:  proxyless-agent ");
        var start = new ProcessStartInfo(AgentProcess.Program, [.. serve, "--address", "127.0.0.1"])
        {
            RedirectStandardOutput = true,
        };
        using Process agent = Process.Start(start)!;
        try
        {
            Assert.StartsWith("listening", agent.StandardOutput.ReadLine(), StringComparison.Ordinal);
            File.Copy("agent/target.yaml", "target.yaml");
            CommandLineRun add = CommandLineRun.Of(Next(init.Output, "next there: proxyless "));
            Assert.True(add.ExitCode == 0, add.Error);
            CommandLineRun check = CommandLineRun.Of(Next(add.Output, "next: proxyless "));
            Assert.True(check.ExitCode == 0, check.Error);
            Assert.Contains("median of", check.Output, StringComparison.Ordinal);
        }
        finally
        {
            agent.Kill(entireProcessTree: true);
            agent.WaitForExit();
        }
    }

    [Fact]
    public void Nothing_is_made_small_that_is_no_longer_shown() =>
        Assert.All(Smaller.Keys, example => Assert.Contains(example, Examples.Select(row => row.Data)));

    private CommandLineRun Run(string example)
    {
        Small small = Smaller[example];
        string[] words =
        [
            .. example
                .Split(' ')[1..]
                .Select(word =>
                    small.Replaced.FirstOrDefault(pair => pair.From == word) is { To: { } other } ? other : word
                ),
        ];
        Assert.All(small.Replaced, pair => Assert.Contains(pair.From, example.Split(' ')));
        string[] all = [.. words, .. small.Appended.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return small.InProcess
            ? CommandLineRun.Of(all)
            : CommandProcess.Run(Directory.GetCurrentDirectory(), new Dictionary<string, string?>(), all);
    }

    private static string[] Next(string output, string before) =>
        output
            .Split('\n')
            .Single(line => line.StartsWith(before, StringComparison.Ordinal))[before.Length..]
            .Trim()
            .Split(' ');

    private static IEnumerable<ReportingCommand> Commands(Command command) =>
        command.Subcommands.SelectMany(Commands).Concat(command is ReportingCommand reporting ? [reporting] : []);

    [GeneratedRegex(@"http://\S+/")]
    private static partial Regex PageAddress();

    [GeneratedRegex("<iframe ")]
    private static partial Regex FramePattern();

    /// <summary>How an example is made small.</summary>
    /// <param name="Appended">Words at its end.</param>
    /// <param name="Replaced">Words in place of others.</param>
    private sealed record Small(string Appended = "", params IReadOnlyList<(string From, string To)> Replaced)
    {
        /// <summary>What must have been done before, in the folder.</summary>
        public Action<ExampleTests> Before { get; init; } = _ => { };

        /// <summary>False for a command that starts itself again.</summary>
        public bool InProcess { get; init; } = true;
    }

    /// <summary>Takes one connection, keeps what it asks for, and refuses it.</summary>
    private sealed class RefusingProxy : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task<string> _asked;

        public RefusingProxy()
        {
            _listener.Start();
            _asked = Task.Run(Refuse);
        }

        public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public string Asked => _asked.GetAwaiter().GetResult();

        public void Dispose() => _listener.Dispose();

        private string Refuse()
        {
            using TcpClient client = _listener.AcceptTcpClient();
            using NetworkStream stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII);
            string first = reader.ReadLine()!;
            while (reader.ReadLine() is { Length: > 0 })
            {
                // The rest of the request.
            }

            stream.Write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);
            return first;
        }
    }
}
