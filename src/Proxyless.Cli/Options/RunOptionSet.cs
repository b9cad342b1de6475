using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Networks;
using Proxyless.Runs;
using Proxyless.Runtime;
using Proxyless.Search;

namespace Proxyless.Cli.Options;

/// <summary>
/// The options that become <see cref="RunOptions"/>, each beside the property it sets. A command takes the groups that
/// it needs; missing options keep the library's default.
/// </summary>
internal sealed class RunOptionSet
{
    /// <summary>The default limit of a search, in words.</summary>
    public const string MeanOfSpace = "the mean latency of the space's networks";

    private const string DataName = "--data";
    private const string DeviceName = "--device";
    private const string LatencyName = "--latency";
    private static readonly RunOptions Defaults = new();
    private static readonly string[] OfAResume = ["--resume", "--out", "--threads", "--checkpoint-seconds"];

    private readonly List<(Option Option, Func<RunOptions, ParseResult, RunOptions> Apply)> _bindings = [];
    private readonly Dictionary<Option, string> _headings = [];
    private string _heading = OptionHeading.Other;

    /// <summary>The options, for the command to add.</summary>
    public IEnumerable<Option> Options => _bindings.Select(binding => binding.Option);

    /// <summary>The heading of an option in the help; null for an option of another kind.</summary>
    public string? HeadingOf(Option option) => _headings.GetValueOrDefault(option);

    /// <summary>Returns the given options over the library's defaults.</summary>
    public RunOptions Read(ParseResult parse) => Read(parse, Defaults);

    /// <summary>Returns the given options over others.</summary>
    /// <param name="parse">The given options.</param>
    /// <param name="others">The values of missing options.</param>
    public RunOptions Read(ParseResult parse, RunOptions others) =>
        _bindings
            .Where(binding => parse.IsGiven(binding.Option))
            .Aggregate(others, (options, binding) => binding.Apply(options, parse));

    /// <summary>
    /// Returns the given options that differ from those that a run began with; without those that a resume may change,
    /// without the folder of the images, which may have been moved, and without the device in place of one that this
    /// machine does not have.
    /// </summary>
    /// <param name="parse">The given options.</param>
    /// <param name="begun">The options of the run.</param>
    /// <returns>Names such as <c>--batch-size</c>.</returns>
    public IReadOnlyList<string> Changes(ParseResult parse, RunOptions begun) =>
        [
            .. _bindings
                .Where(binding => parse.IsGiven(binding.Option) && !OfAResume.Contains(binding.Option.Name))
                .Where(binding => !RunPaths.SaySame(binding.Apply(begun, parse), begun))
                .Where(binding => binding.Option.Name != DeviceName || ComputeDevice.IsAvailable(begun.Device))
                .Where(binding =>
                    binding.Option.Name != DataName || !RunPaths.IsFolder(binding.Apply(begun, parse).Data.Path)
                )
                .Select(binding => binding.Option.Name),
        ];

    /// <summary>Every option that sets a property of <see cref="RunOptions"/>.</summary>
    public static RunOptionSet All() =>
        new RunOptionSet()
            .Data()
            .Targets()
            .Search()
            .Time("work")
            .Learning()
            .Training()
            .Pretrained()
            .Teacher()
            .Machine()
            .Output()
            .Events()
            .Resume();

    /// <summary>The images, and how they are divided.</summary>
    public RunOptionSet Data()
    {
        Images();
        AddToData(
            Integer("--resolution", "Side of the images in pixels (that of the space, the network or the weights)"),
            (o, v) => o with { Resolution = (int)v! }
        );
        return Division();
    }

    /// <summary>The images, and how they are divided, without the size at which a network takes them.</summary>
    public RunOptionSet DividedImages() => Images().Division();

    private RunOptionSet Division()
    {
        AddToData(
            Integer("--channels", "1 for gray, 3 for color (as in the data)"),
            (o, v) => o with { Channels = (int)v! }
        );
        AddToData(
            Number(
                "--validation-share",
                "P",
                $"Share of the training images on which the architecture is chosen ({Defaults.Data.ValidationShare})"
            ),
            (o, v) => o with { ValidationShare = v!.Value }
        );
        AddToData(
            Number(
                "--test-share",
                "P",
                $"Share of the images that become the test set if there is none ({Defaults.Data.TestShare})"
            ),
            (o, v) => o with { TestShare = v!.Value }
        );
        return this;
    }

    /// <summary>The images.</summary>
    /// <param name="otherwise">The default images.</param>
    public RunOptionSet Images(string otherwise = "sample")
    {
        _heading = OptionHeading.Images;
        AddToData(
            Values.Text(
                DataName,
                "DIR|NAME",
                $"A folder of images, a folder of CIFAR-10 or IDX files, or 'sample' for the built-in ones "
                    + $"({otherwise})"
            ),
            (o, v) => o with { Path = v! }
        );
        AddToData(
            Values.Flag(
                "--strict",
                "An unreadable image is an error instead of being skipped; all are decoded before the work begins"
            ),
            (o, v) => o with { Strict = v }
        );
        AddToData(
            Integer(
                "--max-pixels",
                $"The largest image that is read, in pixels: width times height ({Defaults.Data.MaxPixels})"
            ),
            (o, v) => o with { MaxPixels = v!.Value }
        );
        return this;
    }

    /// <summary>The present folder of a run's images.</summary>
    public RunOptionSet MovedImages()
    {
        _heading = OptionHeading.Images;
        AddToData(MovedImagesOption(), (o, v) => o with { Path = v! });
        return this;
    }

    /// <summary>The same option, for a command that takes no other option of a run.</summary>
    public static Option<string?> MovedImagesOption() =>
        Values.Text(DataName, "DIR", "The folder of the run's images, if it has been moved (the run's)");

    /// <summary>The limits of the network.</summary>
    /// <param name="otherwise">The default if no latency is given.</param>
    public RunOptionSet Limits(string otherwise = MeanOfSpace)
    {
        _heading = OptionHeading.Limits;
        AddToTarget(
            Number(LatencyName, "MS", $"Maximum latency of the model on the target, in milliseconds ({otherwise})"),
            (o, v) => o with { LatencyMs = v }
        );
        return Counts();
    }

    private RunOptionSet Counts()
    {
        AddToTarget(
            Integer("--max-parameters", "Maximum number of parameters"),
            (o, v) => o with { MaxParameters = v }
        );
        AddToTarget(
            Integer("--max-macs", "Maximum number of multiply-adds for an image"),
            (o, v) => o with { MaxMacs = v }
        );
        return this;
    }

    /// <summary>The machines of a search and the limit on each.</summary>
    /// <param name="otherwise">The default limit.</param>
    public RunOptionSet Targets(string otherwise = MeanOfSpace)
    {
        _heading = OptionHeading.Limits;
        Option<string[]> target = Values.Texts(
            "--target",
            "NAME|FILE",
            $"Where the model will run; repeat it to search for several machines at once (cpu): "
                + $"{LibraryWords.Translate(TargetFile.Forms)}"
        );
        Option<string[]> latency = Latencies(otherwise, "with several targets one for each, such as cpu:2=0.5");
        RunOptions Combine(RunOptions options, ParseResult parse) =>
            SearchedTargets.Combine(options, parse.GetValue(target) ?? [], parse.GetValue(latency) ?? []);
        Bind(target, Combine);
        Bind(latency, Combine);
        AlsoFor();
        AddToTarget(
            Values.Flag("--thorough", "Profile the targets for minutes instead of seconds"),
            (o, v) => o with { Thorough = v }
        );
        return Counts();
    }

    /// <summary>The limits of networks that are derived from a search, for one limit or several.</summary>
    public RunOptionSet DerivedLimits()
    {
        _heading = OptionHeading.Limits;
        Option<string[]> latency = Latencies(
            "the search's",
            "for a search with several targets one of them, whose folder is named in --run"
        );
        Bind(
            latency,
            (options, parse) =>
                // Of a search for several targets a folder in it has to be named first.
                RunParts.AreOfOneTarget(options)
                    ? SearchedTargets.Combine(options, [], parse.GetValue(latency) ?? [])
                    : options
        );
        return Counts();
    }

    private static Option<string[]> Latencies(string otherwise, string also)
    {
        Option<string[]> option = Values.Texts(
            LatencyName,
            "MS,...",
            $"Maximum latency of the model on the target, in milliseconds ({otherwise}); several, such as 3,5,8, give "
                + $"a network for each, {also}"
        );
        option.Validators.Add(result =>
        {
            foreach (string text in result.Tokens.Select(token => token.Value))
            {
                if (!SearchedTargets.EndsInLimits(text))
                {
                    result.AddError(SearchedTargets.Refusal(text));
                }
            }
        });
        return option;
    }

    private void AlsoFor()
    {
        Option<string?> also = Values.Text(
            "--also-for",
            "TARGET=MS,...",
            "Further targets in the form of a run's config.yaml"
        );
        also.Hidden = true;
        AddToTarget(also, (o, v) => o with { AlsoFor = v });
    }

    /// <summary>Where the model will run.</summary>
    public RunOptionSet Target()
    {
        Place();
        AddToTarget(
            Values.Flag("--thorough", "Profile the target for minutes instead of seconds"),
            (o, v) => o with { Thorough = v }
        );
        return this;
    }

    /// <summary>Where the model runs, without the profiling of a space.</summary>
    /// <param name="otherwise">The default target.</param>
    public RunOptionSet Place(string otherwise = "cpu")
    {
        _heading = OptionHeading.Limits;
        AddToTarget(
            Values.Text(
                "--target",
                "NAME|FILE",
                $"Where the model will run ({otherwise}): {LibraryWords.Translate(TargetFile.Forms)}"
            ),
            (o, v) => o with { Name = v! }
        );
        return this;
    }

    /// <summary>The machine that computes, and random numbers.</summary>
    public RunOptionSet Machine()
    {
        _heading = OptionHeading.Machine;
        Add(Integer("--seed", $"Seed of all random numbers ({Defaults.Seed})"), (o, v) => o with { Seed = (int)v! });
        Add(Integer("--threads", "Threads that train (all processors)"), (o, v) => o with { Threads = (int)v! });
        Add(
            Values.Choice(
                "--kernels",
                "Implementation of the training steps (proxyless)",
                Values.Words<BlockKernels>()
            ),
            (o, v) => o with { Kernels = v!.Value }
        );
        Add(
            Values.Text(DeviceName, "cpu|cuda|cuda:N", $"Where to train ({Defaults.Device})"),
            (o, v) => o with { Device = v! }
        );
        return this;
    }

    /// <summary>Where results go.</summary>
    public RunOptionSet Output()
    {
        _heading = OptionHeading.Output;
        Add(
            Values.Text(
                "--out",
                "DIR",
                "The folder to write (runs/ and the date and time; of a comparison in comparisons/)"
            ),
            (o, v) => o with { Out = v }
        );
        Add(Values.Flag("--overwrite", "Replace the run in --out"), (o, v) => o with { Overwrite = v });
        return this;
    }

    /// <summary>What other programs can follow.</summary>
    public RunOptionSet Events()
    {
        _heading = OptionHeading.Output;
        Add(
            Values.Flag(
                "--tensorboard",
                "Also write event files: the figures of each epoch, and at the end of a run confusions and worst "
                    + "answers; 'tensorboard --logdir DIR' shows them"
            ),
            (o, v) => o with { TensorBoard = v }
        );
        return this;
    }

    /// <summary>Resuming an interrupted run.</summary>
    public RunOptionSet Resume()
    {
        _heading = OptionHeading.Output;
        Add(
            Values.Flag(
                "--resume",
                "Continue the run in --out from its last checkpoint, with the options that it began with"
            ),
            (o, v) => o with { Resume = v }
        );
        Add(
            Number(
                "--checkpoint-seconds",
                "N",
                "Minimum seconds between two checkpoints within an epoch: the most that a crash costs (300)"
            ),
            (o, v) => o with { CheckpointSeconds = v }
        );
        return this;
    }

    /// <summary>The time limit.</summary>
    /// <param name="work">The work that it limits.</param>
    public RunOptionSet Time(string work)
    {
        _heading = OptionHeading.Training;
        Add(
            Values.Time("--time", $"How long the {work} may take, such as 2h or 45m; converted once to step counts"),
            (o, v) => o with { Time = v }
        );
        return this;
    }

    /// <summary>The search space.</summary>
    public RunOptionSet Space()
    {
        _heading = OptionHeading.Search;
        AddToSearch(
            Values.Text(
                "--space",
                "NAME|FILE",
                $"The search space: {string.Join(", ", SearchSpacePresets.Names)}, or a YAML file (by the "
                    + $"images' size)"
            ),
            (o, v) => o with { Space = v }
        );
        return this;
    }

    /// <summary>How the search chooses.</summary>
    public RunOptionSet Search()
    {
        Space();
        AddToSearch(
            Number("--search-epochs", "N", "Epochs of the search (from the size of the data)"),
            (o, v) => o with { Epochs = v }
        );
        AddToSearch(
            Number(
                "--search-learning-rate",
                "X",
                "Peak rate of the shared weights for 256 images per step (--learning-rate if it is given, otherwise "
                    + "0.2, and up to 1 for small images from 2,000 steps on)"
            ),
            (o, v) => o with { LearningRate = v }
        );
        AddToSearch(
            Number(
                "--warmup-share",
                "P",
                $"Share of the search in which only weights learn ({Defaults.Search.WarmupShare})"
            ),
            (o, v) => o with { WarmupShare = v!.Value }
        );
        AddToSearch(
            Integer(
                "--architecture-interval",
                $"Weight steps per architecture step ({Defaults.Search.ArchitectureInterval})"
            ),
            (o, v) => o with { ArchitectureInterval = (int)v! }
        );
        AddToSearch(
            Number(
                "--architecture-learning-rate",
                "X",
                "Change of an architecture parameter per step (from the number of steps)"
            ),
            (o, v) => o with { ArchitectureLearningRate = v }
        );
        AddToSearch(
            Values.Flag(
                "--separate-weights",
                "Use separate weights for each candidate of a block, as published, instead of shared ones"
            ),
            (o, v) => o with { SeparateWeights = v }
        );
        AddToSearch(
            Values.Choice(
                "--weight-update",
                "How weights are trained: sandwich trains paths of every limit on the answers of the widest one, "
                    + "single-path follows the architecture parameters, as published (sandwich)",
                Values.Words<WeightUpdate>()
            ),
            (o, v) => o with { WeightUpdate = v!.Value }
        );
        Evaluations();
        AddToSearch(
            Values.Choice(
                "--update",
                "How the gradient of the architecture parameters is computed (two-path)",
                Values.Words<ArchitectureUpdate>()
            ),
            (o, v) => o with { Update = v!.Value }
        );
        AddToSearch(
            Integer(
                "--reinforce-samples",
                "Architectures per step of the reinforce and leave-one-out updates "
                    + $"({Defaults.Search.ReinforceSamples})"
            ),
            (o, v) => o with { ReinforceSamples = (int)v! }
        );
        AddToSearch(
            Values.Flag("--correct-pairs", "Weight two-path pairs so that their mean is the full gradient"),
            (o, v) => o with { CorrectPairs = v }
        );
        AddToSearch(
            Values.Choice(
                "--objective",
                "How costs enter the objective: budget keeps them within the limit, equality at it, linear and log "
                    + "weight them by --objective-weight (budget)",
                Values.Words<ObjectiveKind>()
            ),
            (o, v) => o with { Objective = v!.Value }
        );
        AddToSearch(
            Number(
                "--objective-weight",
                "X",
                $"lambda of the linear, beta of the log objective ({Defaults.Search.ObjectiveWeight})"
            ),
            (o, v) => o with { ObjectiveWeight = v!.Value }
        );
        AddToSearch(
            Values.Flag("--no-entropy-schedule", "Let the search decide without lowering its entropy on a schedule"),
            (o, v) => o with { NoEntropySchedule = v }
        );
        AddToSearch(
            Number(
                "--prune-threshold",
                "P",
                "Candidates less probable than this are removed permanently; another limit might need them; 0 "
                    + $"keeps all ({Defaults.Search.PruneThreshold})"
            ),
            (o, v) => o with { PruneThreshold = v!.Value }
        );
        return this;
    }

    /// <summary>The number of networks to score.</summary>
    public RunOptionSet Evaluations()
    {
        _heading = OptionHeading.Search;
        AddToSearch(
            Integer(
                "--evaluations",
                "Number of networks to score with the shared weights for a limit; 0: the architecture parameters alone "
                    + "choose (100, or 50 if other limits have scored that many near it)"
            ),
            (o, v) => o with { Evaluations = (int?)v }
        );
        AddToSearch(
            Integer(
                "--finalists",
                "Number of networks with the best scores that are trained briefly before one is chosen; 1: the best "
                    + "score decides (4)"
            ),
            (o, v) => o with { Finalists = (int?)v }
        );
        return this;
    }

    /// <summary>How the chosen network is trained.</summary>
    public RunOptionSet Training()
    {
        Recipe();
        AddToTraining(
            Values.Flag("--from-supernet", "Start from the super-network's weights instead of from scratch"),
            (o, v) => o with { FromSupernet = v }
        );
        return this;
    }

    /// <summary>Pretrained weights by name.</summary>
    public RunOptionSet NamedWeights() => Weights("NAME", "a name of 'proxyless weights list' (none)");

    /// <summary>Pretrained weights, and the judgment of what begins with them.</summary>
    public RunOptionSet Pretrained()
    {
        Weights(
            "NAME|FILE",
            "a name of 'proxyless weights list', or a file of weights with --arch for their network (none)"
        );
        AddToTraining(
            Integer(
                "--folds",
                "With --weights, cross-validate: train without each of this many parts of the images (those in train/, "
                    + "where there is a test/ or val/), and test on it; says more than a small test set (none)"
            ),
            (o, v) => o with { Folds = (int?)v }
        );
        return this;
    }

    /// <summary>How a network learns that is smaller than the one whose weights it begins with.</summary>
    public RunOptionSet Teacher()
    {
        _heading = OptionHeading.Training;
        AddToTraining(
            Values.Flag(
                "--teacher",
                "With --weights: train the whole network first, and let the smaller one learn its answers instead of "
                    + "the labels, in three to four times the time"
            ),
            (o, v) => o with { Teacher = v }
        );
        return this;
    }

    private RunOptionSet Weights(string form, string what)
    {
        _heading = OptionHeading.Training;
        AddToTraining(
            Values.Text("--weights", form, $"Pretrained weights to begin with: {what}"),
            (o, v) => o with { Weights = v }
        );
        return this;
    }

    /// <summary>How a network is trained from scratch.</summary>
    public RunOptionSet Recipe()
    {
        _heading = OptionHeading.Training;
        AddToTraining(
            Number("--train-epochs", "N", "Epochs of the final training (from the size of the data)"),
            (o, v) => o with { Epochs = v }
        );
        AddToTraining(
            Number(
                "--patience",
                "N",
                "End the final training after N epochs that were not better on the validation images than all before "
                    + "(it makes all its steps)"
            ),
            (o, v) => o with { Patience = (int?)v }
        );
        AddToTraining(
            Values.Flag(
                "--train-on-all",
                "Train also on the images that the architecture was chosen on, and keep the last epoch instead of the "
                    + "best"
            ),
            (o, v) => o with { OnAll = v }
        );
        AddToTraining(
            Number("--dropout", "P", $"Share of the pooled features that are dropped ({Defaults.Training.Dropout})"),
            (o, v) => o with { Dropout = v!.Value }
        );
        AddToTraining(
            Number(
                "--erase",
                "P",
                "Share of the images in which the final training erases a rectangle (0.5 for small ones, 0 for large "
                    + "ones)"
            ),
            (o, v) => o with { Erase = v }
        );
        AddToTraining(
            Values.Flag(
                "--trivial-augment",
                "Change each image of the final training in one random way, such as a rotation, a shear or other colors"
            ),
            (o, v) => o with { TrivialAugment = v }
        );
        AddToTraining(
            Number(
                "--mixup",
                "A",
                "Mix the images of the final training and their labels in pairs, by shares of the beta distribution "
                    + $"(A, A), such as 0.2 ({Defaults.Training.Mixup})"
            ),
            (o, v) => o with { Mixup = v!.Value }
        );
        AddToTraining(
            Number(
                "--ema",
                "D",
                "Decay of a moving average of the weights that is exported instead of them, such as 0.999 (none, or "
                    + "0.99 with pretrained weights)"
            ),
            (o, v) => o with { Ema = v }
        );
        return this;
    }

    /// <summary>The common options of search and training.</summary>
    public RunOptionSet Learning()
    {
        _heading = OptionHeading.Training;
        AddToTraining(
            Integer("--batch-size", "Images per step (128 small ones, 32 large ones)"),
            (o, v) => o with { BatchSize = (int)v! }
        );
        AddToTraining(
            Number(
                "--learning-rate",
                "X",
                "Peak rate of the weights for 256 images per step (0.2; --search-learning-rate, where there is one, is "
                    + "for the search)"
            ),
            (o, v) => o with { LearningRate = v }
        );
        AddToTraining(
            Number(
                "--weight-decay",
                "X",
                "Weight decay of convolutions and classifier (0.0005 for small images, 0.0001 for large ones)"
            ),
            (o, v) => o with { WeightDecay = v }
        );
        AddToTraining(
            Number(
                "--label-smoothing",
                "P",
                $"Share of the target that is spread over all classes ({Defaults.Training.LabelSmoothing})"
            ),
            (o, v) => o with { LabelSmoothing = v!.Value }
        );
        AddToTraining(
            Number(
                "--minimum-crop",
                "P",
                "Smallest share of a photograph that a training crop keeps (0.25, or 0.5 with pretrained weights); "
                    + "0.08 is usual for ImageNet"
            ),
            (o, v) => o with { MinimumCrop = v }
        );
        AddToTraining(
            Values.Flag(
                "--no-flip",
                "Do not mirror training images: for text, digits, road signs (IDX files and gray input never are)"
            ),
            (o, v) => o with { NoFlip = v }
        );
        AddToData(
            Values.Flag(
                "--no-image-cache",
                "Read large photographs anew in each epoch, instead of small copies that are kept in the cache folder"
            ),
            (o, v) => o with { NoImageCache = v }
        );
        AddToTraining(
            Values.Flag("--class-weights", "Weight classes by the inverse of their frequency"),
            (o, v) => o with { ClassWeights = v }
        );
        return this;
    }

    private static Option<double?> Number(string name, string value, string description) =>
        Values.Number(name, value, description, RangeOf(name));

    private static Option<long?> Integer(string name, string description) =>
        Values.Integer(name, description, RangeOf(name));

    private static NumberRange RangeOf(string name) => RunSettings.Of(name.TrimStart('-')).Range!;

    private void AddToData<T>(Option<T> option, Func<DataOptions, T, DataOptions> set) =>
        Add(option, (options, value) => options with { Data = set(options.Data, value) });

    private void AddToTarget<T>(Option<T> option, Func<TargetOptions, T, TargetOptions> set) =>
        Add(option, (options, value) => options with { Target = set(options.Target, value) });

    private void AddToSearch<T>(Option<T> option, Func<SearchOptions, T, SearchOptions> set) =>
        Add(option, (options, value) => options with { Search = set(options.Search, value) });

    private void AddToTraining<T>(Option<T> option, Func<TrainingOptions, T, TrainingOptions> set) =>
        Add(option, (options, value) => options with { Training = set(options.Training, value) });

    private void Add<T>(Option<T> option, Func<RunOptions, T, RunOptions> set) =>
        Bind(option, (options, parse) => set(options, parse.GetValue(option)!));

    private void Bind(Option option, Func<RunOptions, ParseResult, RunOptions> apply)
    {
        _bindings.Add((option, apply));
        _headings[option] = _heading;
    }
}
