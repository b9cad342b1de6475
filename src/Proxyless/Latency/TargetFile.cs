using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxyless.Latency;

/// <summary>
/// Targets as YAML files, and where they are found: by path, or by name among those that <c>proxyless target add</c> keeps.
/// docs/targets.md explains every key.
/// </summary>
public static class TargetFile
{
    /// <summary>What <see cref="Open"/> takes, for messages and help.</summary>
    public const string Forms = LocalTarget.Forms + ", a target's YAML file, or the name of one that 'proxyless target add' keeps";

    private const string Extension = ".yaml";
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);
    private static readonly string[] Kinds = ["local", "table", "command"];

    /// <summary>Where targets are kept by name: <c>$PROXYLESS_TARGETS</c>, else the user's application data.</summary>
    public static string Folder
    {
        get
        {
            string? folder = Environment.GetEnvironmentVariable("PROXYLESS_TARGETS");
            return string.IsNullOrEmpty(folder)
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "proxyless", "targets")
                : folder;
        }
    }

    /// <summary>The names of the targets that are kept.</summary>
    public static IReadOnlyList<string> Names() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*" + Extension).Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The target that a text stands for.</summary>
    /// <exception cref="InvalidInputException">It is none of <see cref="Forms"/>, or its file is wrong.</exception>
    public static ITarget Open(string nameOrFile)
    {
        ArgumentNullException.ThrowIfNull(nameOrFile);
        if (LocalTarget.IsName(nameOrFile))
        {
            return LocalTarget.Parse(nameOrFile);
        }

        if (File.Exists(nameOrFile))
        {
            return Read(nameOrFile, nameOrFile);
        }

        return IsKeptName(nameOrFile) && File.Exists(PathOf(nameOrFile))
            ? Read(PathOf(nameOrFile), nameOrFile)
            : throw new InvalidInputException(
                $"target '{nameOrFile}' is unknown{NearestName.Suggestion(nameOrFile, ["cpu", .. Names()])}; allowed are {Forms}");
    }

    /// <summary>Keeps a target's file under a name, checked; files that it names are found from where it stood.</summary>
    /// <param name="name">Letters, digits, dots, hyphens and underlines.</param>
    /// <param name="file">The target's YAML file.</param>
    /// <param name="overwrite">Whether a target of that name is replaced.</param>
    /// <returns>The target.</returns>
    /// <exception cref="InvalidInputException">The name cannot be used, is taken, or the file is wrong.</exception>
    public static ITarget Add(string name, string file, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsKeptName(name) || LocalTarget.IsName(name))
        {
            throw new InvalidInputException($"'{name}' cannot name a target; use letters, digits, '.', '-' and '_', and not 'cpu'");
        }

        ITarget target = Read(file, name);
        if (!overwrite && File.Exists(PathOf(name)))
        {
            throw new InvalidInputException($"there is a target '{name}' already ({PathOf(name)}); replace it with --overwrite, or choose another name");
        }

        // The folder that relative paths start from goes along, in front: what the user wrote stays as it is.
        string text = File.ReadAllText(file);
        bool relative = YamlMapping.Read(file) is var mapping && mapping.Has("file") && !Path.IsPathRooted(mapping.Text("file"));
        AtomicFile.WriteAllText(PathOf(name), relative ? $"folder: '{Path.GetDirectoryName(Path.GetFullPath(file))!.Replace("'", "''", StringComparison.Ordinal)}'\n{text}" : text);
        return target;
    }

    private static ITarget Read(string path, string name)
    {
        YamlMapping file = YamlMapping.Read(path);
        string kind = file.Text("kind");
        return kind switch
        {
            "local" => ReadLocal(file),
            "table" => ReadTable(file, name, path),
            "command" => ReadCommand(file, name),
            _ => throw file.Error("kind", $"is '{kind}'{NearestName.Suggestion(kind, Kinds)}; allowed are {string.Join(", ", Kinds)}"),
        };
    }

    private static LocalTarget ReadLocal(YamlMapping file)
    {
        file.AllowOnly("kind", "threads", "batch");
        var target = new LocalTarget(file.Integer("threads", 1, 1024, absent: 1), file.Integer("batch", 1, 65536, absent: 1));
        return target.Threads <= Environment.ProcessorCount
            ? target
            : throw file.Error("threads", $"is {target.Threads}, this machine has {Environment.ProcessorCount} processors");
    }

    private static TableTarget ReadTable(YamlMapping file, string name, string path)
    {
        file.AllowOnly("kind", "file", "batch", "folder");
        string folder = file.Has("folder") ? file.Text("folder") : Path.GetDirectoryName(Path.GetFullPath(path))!;
        string table = Path.Combine(folder, file.Text("file"));
        return File.Exists(table)
            ? new TableTarget(name, table, file.Integer("batch", 1, 65536, absent: 1))
            : throw file.Error("file", $"is '{file.Text("file")}', and there is no file '{table}'");
    }

    private static CommandTarget ReadCommand(YamlMapping file, string name)
    {
        file.AllowOnly("kind", "command", "pattern", "unit", "repeats", "timeout", "batch");
        IReadOnlyList<string> command = file.Texts("command");
        if (!command.Skip(1).Any(word => word.Contains(CommandTarget.ModelPlace, StringComparison.Ordinal)))
        {
            throw file.Error("command", $"must be a list, the program first, with {CommandTarget.ModelPlace} in one of its arguments");
        }

        string unit = file.Has("unit") ? file.Text("unit") : "ms";
        return new CommandTarget
        {
            Name = name,
            Command = command,
            Pattern = ReadPattern(file),
            UnitMs = CommandTarget.Units.TryGetValue(unit, out double milliseconds)
                ? milliseconds
                : throw file.Error("unit", $"is '{unit}'; allowed are {string.Join(", ", CommandTarget.Units.Keys)}"),
            Repeats = file.Integer("repeats", 1, 1000, absent: 3),
            Timeout = TimeSpan.FromSeconds(file.Integer("timeout", 1, 86_400, absent: 120)),
            Batch = file.Integer("batch", 1, 65536, absent: 1),
        };
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
            throw file.Error("pattern", $"is no regular expression: {exception.Message}");
        }

        return pattern.GetGroupNumbers().Length > 1
            ? pattern
            : throw file.Error("pattern", string.Create(CultureInfo.InvariantCulture, $"is '{text}'; put the number in parentheses, such as 'avg ([0-9.]+) ms'"));
    }

    private static bool IsKeptName(string name) => name.Length is > 0 and <= 100 && name[0] != '.'
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');

    private static string PathOf(string name) => Path.Combine(Folder, name + Extension);
}
