using System.Globalization;
using System.Text.RegularExpressions;
using Proxyless.Files;
using Proxyless.Measurement;
using YamlDotNet.Serialization;

namespace Proxyless.Latency;

/// <summary>
/// Targets as YAML files, found by path, or by name among those that <see cref="Add"/> keeps. docs/targets.md explains
/// every key.
/// </summary>
public static class TargetFile
{
    /// <summary>The forms that <see cref="Open"/> takes, for messages and help.</summary>
    public const string Forms =
        LocalTarget.Forms
        + ", a target's YAML file, a latency table's .json or .csv, or the name of a target that TargetFile.Add keeps; "
        + "with +int8 behind it, such as cpu+int8, for integer models";

    private const string FolderVariable = "PROXYLESS_TARGETS";
    private const string Extension = ".yaml";
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);
    private static readonly string[] Kinds = ["local", "agent", "table", "command", "devices"];

    /// <summary>
    /// The folder of targets kept by name: <c>$PROXYLESS_TARGETS</c>, otherwise in the user's application data.
    /// </summary>
    public static string Folder
    {
        get
        {
            string? folder = Environment.GetEnvironmentVariable(FolderVariable);
            return string.IsNullOrEmpty(folder)
                ? Path.Combine(
                    Environment.GetFolderPath(
                        Environment.SpecialFolder.ApplicationData,
                        Environment.SpecialFolderOption.DoNotVerify
                    ),
                    "proxyless",
                    "targets"
                )
                : folder;
        }
    }

    /// <summary>The names of the targets that are kept.</summary>
    public static IReadOnlyList<string> Names() =>
        Directory.Exists(Folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(Folder, "*" + Extension)
                    .Select(path => Path.GetFileNameWithoutExtension(path))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>Opens the target that a text stands for.</summary>
    /// <exception cref="InvalidInputException">It is not one of <see cref="Forms"/>, or its file is wrong.</exception>
    public static ITarget Open(string nameOrFile)
    {
        ArgumentNullException.ThrowIfNull(nameOrFile);
        if (IntegerModels.Is(nameOrFile))
        {
            return AsIntegers(Open(IntegerModels.Without(nameOrFile)));
        }

        if (LocalTarget.IsName(nameOrFile))
        {
            return LocalTarget.Parse(nameOrFile);
        }

        if (File.Exists(nameOrFile))
        {
            return Read(MappingOf(nameOrFile), nameOrFile, FolderOf(nameOrFile));
        }

        return IsKeptName(nameOrFile) && File.Exists(PathOf(nameOrFile))
                ? Read(YamlMapping.Read(PathOf(nameOrFile)), nameOrFile, Folder)
            : nameOrFile.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? throw new InvalidInputException(
                    $"target '{nameOrFile}': there is no such file; restore it, or name another target"
                )
            : throw new InvalidInputException(
                $"target '{nameOrFile}' is unknown{NearestName.Suggestion(nameOrFile, ["cpu", .. Names()])}; allowed "
                    + $"are {Forms}"
            );
    }

    /// <summary>
    /// Checks a target's file and keeps it under a name; files that it names are resolved from its original folder.
    /// </summary>
    /// <param name="name">Letters, digits, dots, hyphens and underscores.</param>
    /// <param name="file">The target's YAML file, or a latency table's <c>.json</c> or <c>.csv</c>.</param>
    /// <param name="overwrite">Whether an existing target of that name is replaced.</param>
    /// <returns>The target.</returns>
    /// <exception cref="InvalidInputException">The name cannot be used, is taken, or the file is wrong.</exception>
    public static ITarget Add(string name, string file, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsKeptName(name) || LocalTarget.IsName(name))
        {
            throw new InvalidInputException(
                $"'{name}' cannot name a target; use letters, digits, '.', '-' and '_', and not 'cpu'"
            );
        }

        YamlMapping mapping = MappingOf(file);
        ITarget target = Read(mapping, name, FolderOf(file));
        string text = Kept(mapping, FolderOf(file));
        if (!overwrite && File.Exists(PathOf(name)))
        {
            throw new InvalidInputException(
                $"there is a target '{name}' already ({PathOf(name)}); replace it with TargetFile.Add(overwrite), or "
                    + $"choose another name"
            );
        }

        // Files of agents hold their tokens.
        try
        {
            AtomicFile.WritePrivateText(PathOf(name), text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"the target cannot be kept in '{Folder}': {exception.Message}; set {FolderVariable} to a folder "
                    + $"that can be written, or give TargetOptions.Name the file itself",
                exception
            );
        }

        return target;
    }

    private static ITarget AsIntegers(ITarget target) =>
        target switch
        {
            LocalTarget local => local with { TimesIntegers = true },
            DeviceGroupTarget group => group.With(group.Name + IntegerModels.Suffix, AsIntegers),
            IPartTimer timer => AsIntegers(timer),
            ITarget table => throw NotForIntegers(table),
        };

    private static IPartTimer AsIntegers(IPartTimer timer) =>
        timer switch
        {
            CommandTarget command => command with { Name = command.Name + IntegerModels.Suffix, TimesIntegers = true },
            WholeModelTarget whole => new IntegerModelTarget(whole),
            _ => throw new ArgumentException($"'{timer.Name}' has no form for integers", nameof(timer)),
        };

    private static InvalidInputException NotForIntegers(ITarget table)
    {
        table.Dispose();
        return new InvalidInputException(
            $"target '{table.Name}{IntegerModels.Suffix}' is a table, and cannot time integer models; give a table of "
                + $"integer models as '{table.Name}', or a target that runs models"
        );
    }

    /// <summary>The file with full paths in place of those that are relative to its folder.</summary>
    private static string Kept(YamlMapping file, string folder)
    {
        var values = new Dictionary<string, object>();
        foreach (string key in file.Keys)
        {
            values[key] = key switch
            {
                "file" => Path.Combine(folder, file.Text(key)),
                "command" => (string[])[Program(file.Texts(key)[0], folder), .. file.Texts(key).Skip(1)],
                "devices" => file.Texts(key).Select(device => Device(device, folder)).ToArray(),
                _ => file.Text(key),
            };
        }

        return new SerializerBuilder().Build().Serialize(values);
    }

    /// <summary>
    /// A program with a folder in its name is resolved relative to the target's file, any other by the system's search
    /// path.
    /// </summary>
    private static string Program(string program, string folder) =>
        program.Contains('/', StringComparison.Ordinal)
        || program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? Path.GetFullPath(Path.Combine(folder, program))
            : program;

    /// <summary>A device of a group: a file beside the group's, or a name.</summary>
    private static string Device(string device, string folder) =>
        IsKeptName(device) && File.Exists(PathOf(device)) && !File.Exists(Path.Combine(folder, device))
            ? device
            : Path.GetFullPath(Path.Combine(folder, device));

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;

    /// <summary>
    /// What a target's file says; for a latency table itself, what such a file would say of it. A table in YAML is told
    /// from a target only by the user.
    /// </summary>
    private static YamlMapping MappingOf(string file)
    {
        string ending = Path.GetExtension(file).ToLowerInvariant();
        if (!File.Exists(file) || ending is not (".json" or ".csv") || (ending == ".json" && IsTarget(file)))
        {
            return YamlMapping.Read(file);
        }

        var table = new Dictionary<string, string> { ["kind"] = "table", ["file"] = Path.GetFullPath(file) };
        return YamlMapping.Parse(new SerializerBuilder().Build().Serialize(table), file);
    }

    /// <summary>Whether a file in JSON, which is YAML too, describes a target.</summary>
    private static bool IsTarget(string file)
    {
        try
        {
            return YamlMapping.Read(file).Has("kind");
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    private static string KindOf(YamlMapping file) =>
        file.Has("kind")
            ? file.Text("kind")
            : throw new InvalidInputException(
                $"{file.Source}: the key 'kind' is missing; a target's file has a line such as 'kind: agent', of "
                    + $"{string.Join(", ", Kinds)}; if this is a latency table, write another file of the lines "
                    + $"'kind: table' and 'file: {Path.GetFileName(file.Source)}' beside it"
            )
            {
                File = file.Source,
                Property = "kind",
            };

    private static ITarget Read(YamlMapping file, string name, string folder)
    {
        string kind = KindOf(file);
        return kind switch
        {
            "local" => ReadLocal(file, name),
            "agent" => ReadAgent(file, name),
            "table" => ReadTable(file, name, folder),
            "command" => ReadCommand(file, name, folder),
            "devices" => ReadDevices(file, name, folder),
            _ => throw file.Error(
                "kind",
                $"is '{kind}'{NearestName.Suggestion(kind, Kinds)}; allowed are {string.Join(", ", Kinds)}"
            ),
        };
    }

    private static ITarget ReadLocal(YamlMapping file, string name)
    {
        file.AllowOnly("kind", "provider", "device", "threads", "batch");
        int threads = file.Integer("threads", 1, RunLimits.MostThreads, absent: 1);
        int batch = file.Integer("batch", 1, RunLimits.MostImages, absent: 1);
        if (threads > Environment.ProcessorCount)
        {
            throw file.Error("threads", $"is {threads}, this machine has {Environment.ProcessorCount} processors");
        }

        ExecutionProvider provider = ReadProvider(file);
        if (provider == ExecutionProvider.Cpu)
        {
            return file.Has("device")
                ? throw file.Error("device", "chooses among several devices of a 'provider'; the processor is one")
                : new LocalTarget(threads, batch);
        }

        return new ProviderTarget(name, provider, file.Integer("device", 0, 1023, absent: 0), threads, batch);
    }

    private static ExecutionProvider ReadProvider(YamlMapping file)
    {
        if (!file.Has("provider"))
        {
            return ExecutionProvider.Cpu;
        }

        string name = file.Text("provider");
        IEnumerable<string> names = ExecutionProvider.All.Select(provider => provider.Name);
        ExecutionProvider chosen =
            ExecutionProvider.All.FirstOrDefault(provider => provider.Name == name)
            ?? throw file.Error(
                "provider",
                $"is '{name}'{NearestName.Suggestion(name, names)}; allowed are {string.Join(", ", names)}"
            );
        return chosen.IsAvailable
            ? chosen
            : throw file.Error(
                "provider",
                $"is '{name}', which the ONNX Runtime in use does not have; build with "
                    + $"-p:OnnxRuntimePackage={chosen.Package} (docs/targets.md)"
            );
    }

    private static AgentTarget ReadAgent(YamlMapping file, string name)
    {
        file.AllowOnly("kind", "address", "fingerprint", "token", "threads", "batch");
        try
        {
            return new AgentTarget(
                name,
                file.Text("address"),
                file.Text("fingerprint"),
                file.Text("token"),
                file.Integer("threads", 1, RunLimits.MostThreads, absent: 1),
                file.Integer("batch", 1, RunLimits.MostImages, absent: 1)
            );
        }
        catch (FormatException exception)
        {
            throw new InvalidInputException(
                $"{file.Source}: {exception.Message}; 'proxyless-agent init' on the device writes a file that fits",
                exception
            );
        }
    }

    private static TableTarget ReadTable(YamlMapping file, string name, string folder)
    {
        file.AllowOnly("kind", "file", "batch");
        string table = Path.Combine(folder, file.Text("file"));
        return File.Exists(table)
            ? new TableTarget(name, table, file.Integer("batch", 1, RunLimits.MostImages, absent: 1))
            : throw file.Error("file", $"is '{file.Text("file")}', and there is no file '{table}'");
    }

    private static CommandTarget ReadCommand(YamlMapping file, string name, string folder)
    {
        file.AllowOnly("kind", "device", "command", "pattern", "unit", "repeats", "timeout", "batch");
        IReadOnlyList<string> command = file.Texts("command");
        if (!command.Skip(1).Any(word => word.Contains(CommandTarget.ModelPlace, StringComparison.Ordinal)))
        {
            throw file.Error(
                "command",
                $"must be a list, the program first, with {CommandTarget.ModelPlace} in one of its arguments"
            );
        }

        string unit = file.Has("unit") ? file.Text("unit") : "ms";
        return new CommandTarget
        {
            Name = name,
            Device = ReadDevice(file),
            Command = [Program(command[0], folder), .. command.Skip(1)],
            Pattern = ReadPattern(file),
            UnitMs = CommandTarget.Units.TryGetValue(unit, out double milliseconds)
                ? milliseconds
                : throw file.Error("unit", $"is '{unit}'; allowed are {string.Join(", ", CommandTarget.Units.Keys)}"),
            Repeats = file.Integer("repeats", 1, 1000, absent: 3),
            Timeout = TimeSpan.FromSeconds(file.Integer("timeout", 1, 86_400, absent: 120)),
            Batch = file.Integer("batch", 1, RunLimits.MostImages, absent: 1),
        };
    }

    private static DeviceGroupTarget ReadDevices(YamlMapping file, string name, string folder)
    {
        file.AllowOnly("kind", "devices", "difference");
        IReadOnlyList<string> named = file.Texts("devices");
        if (named.Count < 2)
        {
            throw file.Error("devices", "must be a list of at least two targets; a single one needs no group");
        }

        int difference = file.Integer("difference", 1, 100, DeviceGroupTarget.UsualMostDifference);
        var devices = new List<IPartTimer>();
        try
        {
            foreach (string device in named)
            {
                devices.Add(ReadDeviceOfGroup(file, Device(device, folder)));
                if (devices[^1].Batch != devices[0].Batch)
                {
                    throw file.Error(
                        "devices",
                        Invariant($"has '{device}' with batches of {devices[^1].Batch} and '{named[0]}' with ")
                            + Invariant($"batches of {devices[0].Batch}; give them the same 'batch'")
                    );
                }
            }
        }
        catch
        {
            devices.ForEach(device => device.Dispose());
            throw;
        }

        return new DeviceGroupTarget(name, devices, difference);
    }

    private static IPartTimer ReadDeviceOfGroup(YamlMapping file, string device)
    {
        string path = File.Exists(device) ? device : PathOf(device);
        if (!File.Exists(path))
        {
            throw file.Error("devices", $"has '{device}': there is no such file, nor a target of that name");
        }

        // Before it is read: a group that contains itself would never end.
        YamlMapping mapping = MappingOf(path);
        string kind = KindOf(mapping);
        return kind is "agent" or "command"
            ? (IPartTimer)Read(mapping, device, FolderOf(path))
            : throw file.Error("devices", $"has '{device}' of kind '{kind}'; a device is of kind agent or command");
    }

    private static string? ReadDevice(YamlMapping file)
    {
        if (!file.Has("device"))
        {
            return null;
        }

        string device = file.Text("device").Trim();
        return device.Length > 0
            ? device
            : throw file.Error("device", "is empty; name the device that the command reaches, or leave the key out");
    }

    private static Regex ReadPattern(YamlMapping file)
    {
        string text = file.Text("pattern");
        Regex pattern;
        try
        {
            pattern = new Regex(text, RegexOptions.CultureInvariant | RegexOptions.Multiline, MatchTimeout);
        }
        catch (ArgumentException exception)
        {
            throw file.Error("pattern", $"is not a regular expression: {exception.Message}");
        }

        return pattern.GetGroupNumbers().Length > 1
            ? pattern
            : throw file.Error(
                "pattern",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"is '{text}'; put the number in parentheses, such as 'avg ([0-9.]+) ms'"
                )
            );
    }

    private static bool IsKeptName(string name) =>
        name.Length is > 0 and <= 100
        && name[0] != '.'
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');

    private static string PathOf(string name) => Path.Combine(Folder, name + Extension);
}
