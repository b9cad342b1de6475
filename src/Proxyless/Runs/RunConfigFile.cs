using System.Globalization;
using System.Text.RegularExpressions;
using Proxyless.Files;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Proxyless.Runs;

/// <summary>Options as YAML: one flat list under the keys of <see cref="RunSettings"/>.</summary>
internal static partial class RunConfigFile
{
    // How to treat an existing run is an option of this call, not of the run.
    private static readonly string[] NotWritten = [nameof(RunOptions.Resume), nameof(RunOptions.Overwrite)];

    /// <summary>Writes <c>config.yaml</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options; null values are left out.</param>
    public static void Write(string path, RunOptions options) => AtomicFile.WriteAllText(path, Text(options));

    /// <summary>Returns the text of a <c>config.yaml</c>; null values are left out.</summary>
    public static string Text(RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ISerializer serializer = new SerializerBuilder()
            .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
            .WithTypeConverter(new TimeConverter())
            .WithTypeConverter(new TextConverter())
            .Build();
        var values = RunSettings
            .All.Where(setting => !NotWritten.Contains(setting.Property.Name) && setting.Get(options) is not null)
            .ToDictionary(setting => setting.Key, setting => setting.Get(options));
        return serializer.Serialize(values);
    }

    /// <summary>Reads the <c>config.yaml</c> of a run; <see cref="RunOptions.Out"/> becomes its folder.</summary>
    /// <exception cref="InvalidInputException">
    /// The file is missing or is not such a file; the message names the line.
    /// </exception>
    public static RunOptions Read(string path)
    {
        try
        {
            RunOptions options = Parse(TextFile.Read(path), path);

            // A run is where its configuration is, also if its folder has been moved.
            return options.Out is null ? options : options with { Out = Path.GetDirectoryName(Path.GetFullPath(path)) };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw InvalidInputException.Unreadable(path, path, exception);
        }
    }

    /// <summary>Reads the text of a <c>config.yaml</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">Its file, for messages.</param>
    /// <exception cref="InvalidInputException">It is not such a text; the message names the line.</exception>
    public static RunOptions Parse(string text, string path)
    {
        IDeserializer deserializer = new DeserializerBuilder()
            .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
            .WithTypeConverter(new TimeConverter())
            .WithTypeConverter(new TextConverter())
            .WithTypeInspector(inner => new SettingsInspector(inner))
            .Build();
        try
        {
            YamlText.Check(text, path);
            RunOptions options =
                deserializer.Deserialize<RunOptions>(text)
                ?? throw new InvalidInputException($"{path}: it is empty; restore the file, or begin another run");
            return
                options is { Data.Path: not null, Target.Name: not null, Device: not null }
                && RunSettings.All.All(setting =>
                    setting.Get(options) is not Enum value || Enum.IsDefined(value.GetType(), value)
                )
                ? options
                : throw new InvalidInputException(
                    $"{path}: a value is empty, or a number is in place of a name; restore the file, or begin "
                        + $"another run"
                )
                {
                    File = path,
                };
        }
        catch (YamlException exception)
        {
            string reason = exception.InnerException?.Message ?? exception.Message;
            throw new InvalidInputException($"{path}:{exception.Start.Line}: {reason}", exception) { File = path };
        }
    }

    /// <summary>
    /// The options of a run for another job on its results: without its folder, its time and the initial weights of its
    /// training, which were for that run alone.
    /// </summary>
    /// <param name="path">The <c>config.yaml</c> of the run.</param>
    /// <param name="time">The time of the other job, which takes the place of the epochs of the run; or null.</param>
    /// <exception cref="InvalidInputException">As for <see cref="Read"/>.</exception>
    public static RunOptions ReadForNextJob(string path, TimeSpan? time)
    {
        RunOptions options = RunProcess.OnThisMachine(Read(path));
        return options with
        {
            Out = null,
            Time = time,
            Training = options.Training with
            {
                Epochs = time is null ? options.Training.Epochs : null,
                FromSupernet = false,
                Weights = null,
                Folds = null,
                Teacher = false,
                Patience = null,
            },
        };
    }

    /// <summary>
    /// Texts stay texts whatever they look like: a folder may be called <c>null</c>, <c>no</c> or <c>1e3</c>.
    /// </summary>
    private sealed partial class TextConverter : IYamlTypeConverter
    {
        private static readonly HashSet<string> Reserved = new(
            ["null", "true", "false", "yes", "no", "on", "off", "y", "n"],
            StringComparer.OrdinalIgnoreCase
        );

        public bool Accepts(Type type) => type == typeof(string);

        public object? ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
        {
            Scalar scalar = parser.Consume<Scalar>();
            return scalar is { Value: "", Style: ScalarStyle.Plain } ? null : scalar.Value;
        }

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer)
        {
            string text = (string)value!;
            ScalarStyle style =
                Ordinary().IsMatch(text) && !Reserved.Contains(text) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted;
            emitter.Emit(
                new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true)
            );
        }

        [GeneratedRegex("^[A-Za-z][A-Za-z0-9_./-]*$", RegexOptions.CultureInvariant)]
        private static partial Regex Ordinary();
    }

    private sealed class TimeConverter : IYamlTypeConverter
    {
        public bool Accepts(Type type) => type == typeof(TimeSpan) || type == typeof(TimeSpan?);

        public object? ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
        {
            string text = parser.Consume<Scalar>().Value;
            return
                text.EndsWith('s')
                && double.TryParse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture, out double seconds)
                ? TimeSpan.FromSeconds(seconds)
                : throw new FormatException($"'{text}' is not a time in seconds such as 3600s");
        }

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer)
        {
            string text = value is TimeSpan time ? $"{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s" : "";
            emitter.Emit(new Scalar(text));
        }
    }
}
